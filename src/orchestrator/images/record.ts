import { join } from 'node:path';
import { readIfThere, writePrivateFile } from '../files.ts';

/** An image that was built, or taken over, and brought where the cluster finds it. */
export interface BuiltImage {
  /** api-gateway, or postgres:15-alpine. */
  name: string;
  /** Full name: docker.io/user/api-gateway:1. */
  reference: string;
  /** sha256:… of its configuration: another one means that the image has changed. */
  id: string;
  /** sha256:… under which the registry has it; absent when it was not pushed. */
  digest?: string;
}

/** What was built last under each full name. */
export type ImageRecord = Readonly<Record<string, Pick<BuiltImage, 'id' | 'digest'>>>;

const pathIn = (root: string): string => join(root, '.local', 'images.json');

/** @param root of the repository */
export async function readImageRecord(root: string): Promise<ImageRecord> {
  return JSON.parse((await readIfThere(pathIn(root))) ?? '{}') as ImageRecord;
}

/** Adds an image to the record; the same name again replaces what was there. */
export async function recordImage(root: string, { reference, id, digest }: BuiltImage): Promise<void> {
  const path = pathIn(root);
  const record = { ...(await readImageRecord(root)), [reference]: { id, ...(digest === undefined ? {} : { digest }) } };
  await writePrivateFile(path, `${JSON.stringify(record, undefined, 2)}\n`);
}
