import type { Finding } from '../findings.ts';
import type { Pod } from './objects.ts';

/** A cause of trouble in the cluster, with its cure. */
export interface Diagnosis extends Finding {
  level: 'warning' | 'error';
  cure: string;
  /** The cluster's own words: a log's last lines, an event. */
  evidence?: string;
  /** Whether waiting is in vain: a wrong name stays wrong. */
  final?: boolean;
  /** Names of the pods, claims and workloads whose state it explains. */
  explains: readonly string[];
}

/** Whether a rollout need not be waited for any longer. */
export const isHopeless = ({ level, final }: Diagnosis): boolean => level === 'error' && final === true;

/** Two with the same words are one cause: it is told once, for all that suffer from it. */
export function mergeSame(diagnoses: readonly Diagnosis[]): Diagnosis[] {
  const byWords = Map.groupBy(diagnoses, ({ message, cure }) => `${message}\n${cure}`);
  return [...byWords.values()].map((same) => ({
    ...same[0]!,
    level: same.some(({ level }) => level === 'error') ? 'error' : 'warning',
    subject: unique(same.map(({ subject }) => subject)).join(', '),
    explains: unique(same.flatMap(({ explains }) => explains)),
  }));
}

export const unique = (words: readonly string[]): string[] => [...new Set(words)];

/** What people call the thing that a pod belongs to: api-gateway. */
export function componentOf({ metadata }: Pick<Pod, 'metadata'>): string {
  return metadata.labels?.['app.kubernetes.io/name'] ?? metadata.name;
}

/** A kubectl command as the README writes it. */
export const kubectlCommand = (words: string): string => `kubectl ${words} -n microservices`;

/** Lines that can be pasted; what stands behind `#` says when. */
export const cures = (...lines: readonly string[]): string => lines.join('\n');
