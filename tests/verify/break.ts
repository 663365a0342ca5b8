import type { LocalSystem } from '@orchestrator/orchestrator/target/target.ts';
import type { Lie, Question } from '../support/lying-proxy.ts';
import type { Edit } from '../support/sabotage.ts';

/** A way to break the system on purpose, and the checks that must see it. */
export interface Break {
  /** What is broken, in a few words. */
  title: string;
  /** The checks that turn red, and no others. */
  turnsRed: readonly [string, ...string[]];
  /** What the first of them must name. */
  names?: RegExp;
  /** A lie of a service: of the gateway, unless `at` says another. */
  lie?: Lie;
  at?: 'inventory-app' | 'billing-app';
  /** A service that runs from changed sources. */
  sabotage?: { service: 'api-gateway' | 'billing-app'; edits: readonly Edit[] };
  /** Statements that break the database before, and those that mend it after; the latter also make it as it was. */
  sql?: { database: 'inventory' | 'billing'; breaks: string; mends: string };
  /** Breaks the rest: another view of the system, and how to mend what it did. */
  view?: (target: LocalSystem) => Promise<{ target: LocalSystem; mend: () => Promise<unknown> }>;
}

/** A lie about the answers to some requests: `GET /api/movies/7`, without the query. */
export function answersTo(pattern: RegExp, change: NonNullable<Lie['answer']>): Lie {
  return { answer: (answer, question) => void (pattern.test(nameOf(question)) && change(answer, question)) };
}

/** A lie about some requests. */
export function requestsOf(pattern: RegExp, change: (question: Question) => void): Lie {
  return { question: (question) => void (pattern.test(nameOf(question)) && change(question)) };
}

/** What JSON of these APIs is looked at as. */
export type Json = Record<string, unknown>;

/** A change of what travels as JSON, were it an object, an array or nothing of the kind; undefined leaves it as it is. */
export function json(change: (body: Json) => unknown): (message: { body: string }) => void {
  return (message) => {
    const body = parsed(message.body);
    if (typeof body === 'object' && body !== null) message.body = JSON.stringify(change(body as Json) ?? body);
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const nameOf = ({ method, path }: Question): string => `${method} ${path.split('?', 1)[0]}`;
