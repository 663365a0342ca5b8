import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError, run, runFollowing } from '../exec.ts';
import { Failure } from '../failure.ts';
import type { Terminal } from '../terminal.ts';
import type { Kubectl, KubernetesObject } from './kubectl.ts';
import { logArgs, nextReads } from './log.reads.ts';
import type { Read, Reads } from './log.reads.ts';
import type { Pod } from '../diagnosis/objects.ts';

export interface ClusterLogOptions {
  components: readonly string[];
  /** How much of what is there already, as arguments of `kubectl logs`. */
  range: readonly string[];
  /** The terminal that the lines go to. */
  screen: Pick<Terminal, 'paint'>;
  print: (line: string) => void;
  /** Tells what happens beside the logs. */
  say: (line: string) => void;
  signal: AbortSignal;
}

/** A new pod's first lines are not late for a person, and nothing of it is lost: it is read from its beginning. */
const lookEveryMs = 2_000;

/** A log that is not followed is a single answer; a long one takes a while. */
const wholeLogTimeoutMs = 60_000;

/**
 * Follows the logs of all pods of these components until the signal; also of pods and containers that come later.
 * @throws Failure unreachable when the cluster does not answer to begin with; later it is waited for
 */
export async function followClusterLogs(kubectl: Kubectl, options: ClusterLogOptions): Promise<void> {
  const { range, say, signal } = options;
  const label = labels(options.screen);
  const reads: Reads = new Map();
  const running: Promise<void>[] = [];
  const read = async (next: Read): Promise<void> => {
    let hasSpoken = false;
    const onLine = (line: string): void => {
      hasSpoken = true;
      options.print(label(next.pod) + line);
    };
    const { code } = await runFollowing(kubectl.argv([...logArgs(next), '--follow']), { signal, onLine });
    // A read that failed before it began is tried again; one that was cut goes on where it was.
    const isCut = hasSpoken || code === 0;
    reads.set(next.key, { next: isCut ? [`--since-time=${new Date().toISOString()}`] : next.range });
  };
  const begin = (next: Read): void => {
    reads.set(next.key, 'reading');
    running.push(read(next).catch((error: Error) => say(error.message)));
  };
  let isFirst = true;
  let isAway = false;
  while (!signal.aborted) {
    const pods = await listPods(kubectl, options.components).catch((error: unknown) => {
      if (signal.aborted) return undefined;
      if (isFirst || !(error instanceof Failure || error instanceof CommandError)) throw error;
      if (!isAway) say('the cluster does not answer; trying again');
      isAway = true;
      return undefined;
    });
    if (pods !== undefined) {
      if (isFirst && pods.length === 0) say('there are no pods yet; waiting for them');
      label.widen(pods.map(({ metadata }) => metadata.name));
      nextReads(pods, reads, range, isFirst).forEach(begin);
      isFirst = false;
      isAway = false;
    }
    await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
  await Promise.all(running);
}

/**
 * Prints what the pods of these components have said so far, pod by pod.
 * @throws Failure unreachable, not-running when there are no pods
 */
export async function printClusterLogs(kubectl: Kubectl, options: ClusterLogOptions): Promise<void> {
  const pods = await listPods(kubectl, options.components);
  if (pods.length === 0) {
    throw new Failure('not-running', `There are no pods of ${options.components.join(', ')}.`, {
      cure: './orchestrator.sh status   # tells why',
    });
  }
  const label = labels(options.screen);
  label.widen(pods.map(({ metadata }) => metadata.name));
  for (const next of nextReads(pods, new Map(), options.range, true)) {
    if (options.signal.aborted) return;
    const onLine = (line: string): void => options.print(label(next.pod) + line);
    const argv = kubectl.argv(logArgs(next));
    await run(argv, { timeoutMs: wholeLogTimeoutMs, signal: options.signal, onLine }).catch((error: unknown) => {
      // Its node may be away; the others have something to say.
      if (!(error instanceof CommandError)) throw error;
      options.say(error.message);
    });
  }
}

function listPods(kubectl: Kubectl, components: readonly string[]): Promise<Pod[]> {
  const selector = `--selector=app.kubernetes.io/name in (${components.join(',')})`;
  return kubectl.list<KubernetesObject & Pod>('pods', selector);
}

const colours = ['cyan', 'yellow', 'green', 'magenta', 'blue', 'red'] as const;

/** Names in front of lines, all of one width, each pod in a colour of its own as long as there are enough. */
function labels({ paint }: { paint: (style: (typeof colours)[number], text: string) => string }) {
  const seen: string[] = [];
  let width = 0;
  const label = (pod: string): string => {
    if (!seen.includes(pod)) seen.push(pod);
    return `${paint(colours[seen.indexOf(pod) % colours.length]!, pod.padEnd(width))}  `;
  };
  const widen = (names: readonly string[]): void =>
    void (width = Math.max(width, ...names.map(({ length }) => length)));
  return Object.assign(label, { widen });
}
