import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repository } from '../files.ts';

/** The version of the system, which is the tag of its images unless another is asked for. */
export async function readVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as { version: string };
  return version;
}
