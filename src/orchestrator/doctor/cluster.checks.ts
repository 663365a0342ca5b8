import { installKubectl } from '../cluster/kubectl.ts';
import { run } from '../exec.ts';
import type { Session } from '../cluster/session.ts';
import type { Finding } from '../findings.ts';
import { findProgram } from '../programs.ts';

/** The manifests use what came with 1.30, and kubectl may be one version away from its cluster. */
const oldestMinor = 29;

const versionTimeoutMs = 10_000;

/** What `create` and the commands after it need: kubectl, and what the provider in use wants. */
export async function checkClusterWay(session: Session): Promise<Finding[]> {
  return [await checkKubectl(session.environment.folders), ...(await session.provider.check(session))];
}

async function checkKubectl(folders: readonly string[]): Promise<Finding> {
  const subject = 'kubectl';
  const program = await findProgram('kubectl', folders);
  if (program === undefined)
    return { level: 'error', subject, message: 'is not on this machine', cure: installKubectl };
  const text = await run([program, 'version', '--client', '-o', 'json'], { timeoutMs: versionTimeoutMs }).catch(
    () => '',
  );
  const version = kubectlVersion(text);
  if (version === undefined) {
    return {
      level: 'error',
      subject,
      message: `${program} does not tell its version`,
      cure: installKubectl,
    };
  }
  const message = `${version.name} in ${program}`;
  if (version.minor >= oldestMinor) return { level: 'ok', subject, message };
  return {
    level: 'warning',
    subject,
    message: `${message} is old; 1.${oldestMinor} or newer is meant`,
    cure: installKubectl,
  };
}

/** What `kubectl version --client -o json` says; undefined when it is something else. */
export function kubectlVersion(text: string): { name: string; minor: number } | undefined {
  const name = /"gitVersion": "(v1\.(\d+)[^"]*)"/.exec(text);
  return name === null ? undefined : { name: name[1] ?? '', minor: Number(name[2]) };
}
