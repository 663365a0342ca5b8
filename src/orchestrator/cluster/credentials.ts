import { randomPassword } from '../password.ts';
import type { Secret } from './objects.ts';

/** What of a Secret must not be known; the user names beside it need not change. */
const isPassword = (key: string): boolean => key.endsWith('password');

/** The values of a Secret, whichever way it carries them. */
export function valuesOf({ stringData, data }: Secret): Record<string, string> {
  const decoded = Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]);
  return { ...Object.fromEntries(decoded), ...stringData };
}

/**
 * The Secrets that the cluster shall have: what it has already stays; what it lacks gets a random password in the place of the
 * demonstration value.
 * @param fresh names of Secrets whose passwords are made anew all the same
 */
export function decideCredentials(
  demonstration: readonly Secret[],
  existing: readonly Secret[],
  fresh: readonly string[] = [],
): Secret[] {
  return demonstration.map((secret) => {
    const { name } = secret.metadata;
    const known = existing.find(({ metadata }) => metadata.name === name);
    const values = known === undefined ? {} : valuesOf(known);
    const decide = ([key, value]: [string, string]): [string, string] => {
      if (isPassword(key) && (fresh.includes(name) || values[key] === undefined)) return [key, randomPassword()];
      return [key, values[key] ?? value];
    };
    return { ...secret, stringData: Object.fromEntries(Object.entries(valuesOf(secret)).map(decide)) };
  });
}

/** Which passwords of the cluster are those of the published file, as `secret/key`. */
export function demonstrationValues(demonstration: readonly Secret[], existing: readonly Secret[]): string[] {
  return existing.flatMap((secret) => {
    const published = demonstration.find(({ metadata }) => metadata.name === secret.metadata.name);
    if (published === undefined) return [];
    const theirs = valuesOf(published);
    return Object.entries(valuesOf(secret))
      .filter(([key, value]) => isPassword(key) && theirs[key] === value)
      .map(([key]) => `${secret.metadata.name}/${key}`);
  });
}
