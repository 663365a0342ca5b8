import { LineCounter, isMap, isScalar, isSeq, parseAllDocuments } from 'yaml';
import type { Document, Node } from 'yaml';
import type { KubernetesObject } from '@orchestrator/orchestrator/model/kubernetes.ts';
import type { Path } from '@orchestrator/orchestrator/model/path.ts';

export interface Position {
  /** Both from 1. */
  line: number;
  column: number;
}

/** What findings point at. */
export interface Place {
  file: string;
  /** Of the key, or of the item of a list; of the nearest thing around it where the path leads to nothing. */
  position: (path: Path) => Position;
}

/** One object of a file of Manifests/. */
export interface Manifest extends Place {
  object: KubernetesObject;
}

/** Something wrong with a manifest. */
export interface Breach {
  at: Place;
  path: Path;
  message: string;
}

/** A file of Manifests/. */
export interface Parsed {
  manifests: Manifest[];
  /** What is not even YAML. */
  breaches: Breach[];
}

/**
 * The objects of a file, read as kubectl reads them: YAML 1.1, in which `yes` is true and `0440` is octal.
 */
export function parseManifests(file: string, text: string): Parsed {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { version: '1.1', lineCounter: lines });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const breaches: Breach[] = [];
  const manifests: Manifest[] = [];
  for (const document of 'empty' in documents ? [] : documents) {
    for (const { message, pos } of [...document.errors, ...document.warnings]) {
      const [firstLine = ''] = message.split('\n');
      breaches.push({ at: { file, position: () => at(pos[0]) }, path: [], message: firstLine });
    }
    if (document.errors.length > 0) continue;
    const object: unknown = document.toJS();
    const position = (path: Path): Position => at(offsetOf(document, path));
    // A file may end with "---", or have a comment of its own in front of the first.
    if (object === null) continue;
    if (isMap(document.contents)) manifests.push({ file, object: object as KubernetesObject, position });
    else breaches.push({ at: { file, position }, path: [], message: 'is no object of Kubernetes' });
  }
  return { manifests, breaches };
}

function offsetOf(document: Document, path: Path): number {
  let node: unknown = document.contents;
  let offset = startOf(node);
  for (const part of path) {
    const next = stepInto(node, part);
    if (next === undefined) break;
    node = next.value;
    offset = startOf(next.shown);
  }
  return offset;
}

function stepInto(node: unknown, part: string | number): { shown: unknown; value: unknown } | undefined {
  if (isSeq(node)) {
    const item = typeof part === 'number' ? node.items[part] : undefined;
    return item === undefined ? undefined : { shown: item, value: item };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
  return pair && { shown: pair.key, value: pair.value };
}

function startOf(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0;
}
