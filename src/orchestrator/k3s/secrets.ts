import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The server's own token: it may do everything, and encrypts what the cluster stores of itself. */
export const serverToken = 'server-token';
/** With this one a machine can join as an agent, and nothing else. */
export const agentToken = 'agent-token';
/** By this the server knows an agent again when its machine is made anew. */
export const nodePassword = (name: string): string => `${name}.node-password`;

/**
 * Makes the secrets that are not there yet: 32 random bytes in hex each, readable by their owner only. The Vagrantfile makes
 * the same ones for those who use it by itself.
 * @returns their paths
 */
export async function openSecrets(folder: string, names: readonly string[]): Promise<string[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const paths = names.map((name) => join(folder, name));
  for (const path of paths) {
    await writeFile(path, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      },
    );
  }
  return paths;
}
