import type { Found, Looked } from './walk.ts';

/** How many of a walk's checks came out how. */
export interface Tally {
  passed: number;
  failed: number;
  notApplicable: number;
}

export function tally(looked: readonly Looked[]): Tally {
  const count = (result: Looked['outcome']['result']): number =>
    looked.filter(({ outcome }) => outcome.result === result).length;
  return { passed: count('pass'), failed: count('fail'), notApplicable: count('not applicable') };
}

/** `38 passed, 1 failed, 12 not applicable, 2 not looked at`. */
export function summary({ looked, notLookedAt }: Pick<Found, 'looked' | 'notLookedAt'>): string {
  const { passed, failed, notApplicable } = tally(looked);
  const interrupted = notLookedAt.length === 0 ? '' : `, ${notLookedAt.length} not looked at`;
  return `${passed} passed, ${failed} failed, ${notApplicable} not applicable${interrupted}`;
}

/** What groups of promises are about, by the first word of their ids. */
const titles: Readonly<Record<string, string>> = {
  health: 'health and metrics',
  pages: 'pages for people and programs',
  movies: 'movies',
  orders: 'orders',
  errors: 'errors',
  database: 'databases',
  queue: 'the queue',
  message: 'the message',
  data: 'data that stays',
  nodes: 'nodes',
  workloads: 'workloads',
  services: 'services',
  scaling: 'scaling',
  volumes: 'volumes',
  secrets: 'secrets',
  network: 'the network',
  security: 'Pod Security',
  kubectl: 'kubectl by hand',
};

export const groupOf = (id: string): string => id.split('.', 1)[0] ?? id;
export const titleOf = (id: string): string => titles[groupOf(id)] ?? groupOf(id);
