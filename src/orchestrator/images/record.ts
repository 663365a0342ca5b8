import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

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
  try {
    return JSON.parse(await readFile(pathIn(root), 'utf8')) as ImageRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** Adds an image to the record; the same name again replaces what was there. */
export async function recordImage(root: string, { reference, id, digest }: BuiltImage): Promise<void> {
  const path = pathIn(root);
  const record = { ...(await readImageRecord(root)), [reference]: { id, ...(digest === undefined ? {} : { digest }) } };
  await mkdir(dirname(path), { recursive: true, mode: 0o711 });
  await writeFile(`${path}.new`, `${JSON.stringify(record, undefined, 2)}\n`);
  await rename(`${path}.new`, path);
}
