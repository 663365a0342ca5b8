import { basename } from 'node:path';
import { CommandError } from '../exec.ts';
import { Failure } from '../failure.ts';
import { explain } from '../providers/known-issues.ts';
import type { Work } from '../providers/provider.ts';
import { k3sProgram } from './node.ts';
import type { Node, Nodes } from './node.ts';

/** Unpacking a gigabyte on a slow disk. */
const importMs = 900_000;

/** containerd keeps what the kubelet uses in a namespace of its own. */
const ctr = [k3sProgram, 'ctr', '-n', 'k8s.io', 'images'] as const;

/**
 * Brings an image archive into the store of every node, and lists that store to see that it is there.
 * @throws Failure image-failed
 */
export async function loadImages(
  nodes: Nodes,
  archive: string,
  references: readonly string[],
  work: Work,
): Promise<void> {
  for (const node of nodes) {
    work.say(`${node.name}: ${references.join(', ')}`);
    const missing = await importInto(node, archive, references).catch((error: unknown) => {
      if (!(error instanceof CommandError)) throw error;
      const issue = explain(error.output);
      const because = issue === undefined ? '' : `: ${issue.cause}`;
      throw new Failure('image-failed', `${archive} could not be loaded into ${node.name}${because}.`, {
        cause: error,
        cure: issue?.cure ?? 'Run again; is there room on the node (df -h /var/lib/rancher)?',
      });
    });
    if (missing.length > 0) {
      throw new Failure('image-failed', `${node.name} took ${archive} and has not: ${missing.join(', ')}.`, {
        cure: 'The archive holds other images, or images for another processor. Build them again for the nodes’ processor.',
      });
    }
  }
}

/** @returns the references that the node does not have afterwards */
async function importInto({ remote }: Node, archive: string, references: readonly string[]): Promise<string[]> {
  const folder = await remote.upload([archive]);
  try {
    await remote.run([...ctr, 'import', `${folder}/${basename(archive)}`], { timeoutMs: importMs });
  } finally {
    await remote.discard(folder);
  }
  const present = new Set((await remote.run([...ctr, 'list', '-q'])).split('\n').map((line) => line.trim()));
  return references.filter((reference) => !present.has(reference));
}
