import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { Failure } from '../failure.ts';
import { repository } from '../files.ts';
import type { KubernetesObject } from './kubectl.ts';

/** The files that kubectl applies. */
export const manifestsFolder = join(repository, 'Manifests');

/** A file for each component. @throws Failure bad-manifest */
export async function readManifests(folder = manifestsFolder): Promise<KubernetesObject[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return files.flatMap((file, index) => parseManifest(`Manifests/${file}`, texts[index] ?? ''));
}

/** @param file for the message @throws Failure bad-manifest */
export function parseManifest(file: string, text: string): KubernetesObject[] {
  // As kubectl reads it: 0440 is octal.
  const documents = parseAllDocuments(text, { version: '1.1' });
  return ('empty' in documents ? [] : documents).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw unusable(file, error.message);
    const object: unknown = document.toJS();
    if (object === null) return [];
    if (isObject(object)) return [object];
    throw unusable(file, 'a document without apiVersion, kind or metadata.name');
  });
}

function isObject(value: unknown): value is KubernetesObject {
  const { apiVersion, kind, metadata } = value as Partial<KubernetesObject>;
  return [apiVersion, kind, metadata?.name].every((field) => typeof field === 'string');
}

function unusable(file: string, why: string): Failure {
  return new Failure('bad-manifest', `${file} cannot be used: ${why}`, {
    cure: `Correct it; git diff ${file} shows what was changed, git checkout ${file} takes it back.`,
  });
}
