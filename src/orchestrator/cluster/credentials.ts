import { randomPassword } from '../password.ts';
import type { Secret } from './objects.ts';

/** What of a Secret must not be known; the user names beside it need not change. */
export const isPassword = (key: string): boolean => key.endsWith('password');

/** The values of a Secret, whichever way it carries them. */
export function valuesOf({ stringData, data }: Secret): Record<string, string> {
  const decoded = Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]);
  return { ...Object.fromEntries(decoded), ...stringData };
}

/**
 * The Secrets that the cluster shall have. What it has already stays; a random password comes in the place of what it lacks, and of
 * the demonstration value, which everybody can read in the repository.
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
      const published = values[key] === undefined || values[key] === value;
      if (isPassword(key) && (fresh.includes(name) || published)) return [key, randomPassword()];
      return [key, values[key] ?? value];
    };
    return { ...secret, stringData: Object.fromEntries(Object.entries(valuesOf(secret)).map(decide)) };
  });
}

/** Names of the Secrets in which a password is still the one that everybody can read in the repository. */
export function demonstrationSecrets(published: readonly Secret[], existing: readonly Secret[]): string[] {
  const isPublished = (secret: Secret): boolean => {
    const theirs = published.find(({ metadata }) => metadata.name === secret.metadata.name);
    const values = theirs === undefined ? {} : valuesOf(theirs);
    return Object.entries(valuesOf(secret)).some(([key, value]) => isPassword(key) && values[key] === value);
  };
  return existing.filter(isPublished).map(({ metadata }) => metadata.name);
}
