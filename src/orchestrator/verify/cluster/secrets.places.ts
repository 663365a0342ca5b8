import { CommandError } from '../../exec.ts';
import type { Kubectl } from '../../cluster/kubectl.ts';
import { services } from '../../model/picture.ts';
import { credentialsIn, foundIn, isSecretVariable } from './credentials.ts';
import type { Credential } from './credentials.ts';
import { searchImage } from './image.search.ts';
import type { ImageFindings } from './image.search.ts';
import { runInside } from '../../cluster/inside.node.ts';
import { judge } from './live.ts';
import type { Fault } from './live.ts';
import { readyPod } from './objects.ts';
import type { LivePod } from './objects.ts';
import type { Outcome } from '../check.ts';
import type { Secret } from '../../cluster/objects.ts';

/** Ten megabytes, which is when a kubelet begins another file, through the API server. */
const logTimeoutMs = 60_000;

/** No log of any container has a credential in it, also of those that have ended. */
export async function lookAtLogs(kubectl: Kubectl): Promise<Outcome> {
  const credentials = await readCredentials(kubectl);
  const pods = await kubectl.list<LivePod>('pods');
  const faults: Fault[] = [];
  let lines = 0;
  let logs = 0;
  for (const { argv, title } of pods.flatMap(logsOf)) {
    const text = await readLog(kubectl, argv);
    if (text === undefined) continue;
    logs += 1;
    for (const line of text.split('\n')) {
      lines += 1;
      faults.push(...foundIn(line, credentials).map((each) => logFault(title, each)));
    }
  }
  return judge(unique(faults), `${lines} lines of ${logs} logs`);
}

/** Each life of a container has a log of its own; the kubelet keeps the last two. */
function logsOf({ metadata: { name }, status }: LivePod): Array<{ argv: string[]; title: string }> {
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  return containers.flatMap((container) => {
    const argv = ['logs', name, `--container=${container.name}`];
    const title = `pod ${name}, container ${container.name}`;
    const current = { argv, title };
    return container.restartCount === 0
      ? [current]
      : [current, { argv: [...argv, '--previous'], title: `${title} (before its restart)` }];
  });
}

/** Undefined where there is none: the container has not started, or its node is away. */
async function readLog(kubectl: Kubectl, argv: readonly string[]): Promise<string | undefined> {
  try {
    return await kubectl.run(argv, { timeoutMs: logTimeoutMs });
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}

const logFault = (title: string, { title: value }: Credential): Fault => ({
  what: `the log of ${title} has the value of ${value}`,
  cure: './orchestrator.sh secrets rotate makes it useless; then take it out of what the program logs',
});

const unique = (faults: readonly Fault[]): Fault[] => [...new Map(faults.map((each) => [each.what, each])).values()];

/** No image of ours has a credential in it: neither in a file nor in a variable. */
export async function lookIntoImages(kubectl: Kubectl): Promise<Outcome> {
  const credentials = await readCredentials(kubectl);

  const faults: Fault[] = [];
  const seen: string[] = [];
  for (const name of services) {
    const pod = await readyPod(kubectl, name);
    const values = credentials.map(({ value }) => value);
    const findings = await runInside(kubectl, pod.metadata.name, searchImage, values);
    seen.push(`${name}: ${findings.files} files`);
    faults.push(...imageFaults(pod, findings, credentials));
  }
  return judge(faults, seen.join(', '));
}

/** What was found in the image of a pod, as faults. */
export function imageFaults(pod: LivePod, findings: ImageFindings, credentials: readonly Credential[]): Fault[] {
  const { containers } = pod.spec;
  const image = containers[0]?.image ?? '';
  const given = containers.flatMap(({ env = [] }) => env.map(({ name }) => name));
  // Those that the pod is given are looked at in its manifest, or come from a Secret.
  const own = findings.variables.filter(({ name }) => !given.includes(name));
  const titleOf = (index: number): string => credentials[index]?.title ?? '';
  const cure =
    'Take it out of Dockerfiles/ and of what they copy, then ./orchestrator.sh build and deploy; ./orchestrator.sh secrets rotate makes it useless';
  return [
    ...findings.found.map(({ path, value }) => `the image ${image} has the value of ${titleOf(value)} in ${path}`),
    ...own
      .filter(({ name, values }) => isSecretVariable(name) || values.length > 0)
      .map(({ name, values: [value] }) => {
        const whose = value === undefined ? 'a value that looks like a credential' : `the value of ${titleOf(value)}`;
        return `the image ${image} sets the variable ${name} to ${whose}`;
      }),
  ].map((what) => ({ what, cure }));
}

async function readCredentials(kubectl: Kubectl): Promise<Credential[]> {
  return credentialsIn(await kubectl.list<Secret>('secrets'));
}
