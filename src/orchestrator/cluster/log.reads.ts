import type { Pod } from '../diagnosis/objects.ts';

/** One run of `kubectl logs` on one life of a container: a restart is another one. */
export interface Read {
  key: string;
  pod: string;
  container: string;
  /** Which part of the log, as arguments: `--tail=20`, `--since-time=…`; none means all of it. */
  range: readonly string[];
}

/** What is known of each read: it goes on, or what is to be read next time. */
export type Reads = Map<string, 'reading' | { next: readonly string[] }>;

/**
 * What has to be read now.
 * @param known all reads so far
 * @param range for what is there at the first look; of what appears later nothing is left out
 */
export function nextReads(
  pods: readonly Pod[],
  known: Readonly<Reads>,
  range: readonly string[],
  isFirst: boolean,
): Read[] {
  return pods.flatMap(({ metadata, status }) =>
    (status.containerStatuses ?? []).flatMap(({ name, restartCount, state }): Read[] => {
      const key = `${metadata.uid ?? metadata.name}/${name}/${restartCount}`;
      const before = known.get(key);
      const read = { key, pod: metadata.name, container: name };
      if (before === undefined) {
        const hasStarted = state.running !== undefined || state.terminated !== undefined;
        return hasStarted ? [{ ...read, range: isFirst ? range : [] }] : [];
      }
      // What has ended has said its last word, and that was read.
      return before === 'reading' || state.running === undefined ? [] : [{ ...read, range: before.next }];
    }),
  );
}

export const logArgs = ({ pod, container, range }: Read): string[] => [
  'logs',
  pod,
  `--container=${container}`,
  ...range,
];
