import { isPassword, valuesOf } from '../../cluster/credentials.ts';
import type { Secret } from '../../cluster/objects.ts';

/** A value that must not be known, and where it belongs; the value itself is never shown. */
export interface Credential {
  value: string;
  /** `Secret rabbitmq, key password` */
  title: string;
}

/** Beyond this many characters a value is found wherever it stands; a shorter one may be part of a word, or a word. */
const distinctLength = 8;

/** The passwords in these Secrets. */
export function credentialsIn(secrets: readonly Secret[]): Credential[] {
  return secrets.flatMap((secret) =>
    Object.entries(valuesOf(secret))
      .filter(([key, value]) => isPassword(key) && value.length >= distinctLength)
      .map(([key, value]) => ({ value, title: `Secret ${secret.metadata.name}, key ${key}` })),
  );
}

/** Those whose value stands in a text. */
export const foundIn = (text: string, credentials: readonly Credential[]): Credential[] =>
  credentials.filter(({ value }) => text.includes(value));

/** Names of variables whose value is a credential; one that names a file, or a user, is none. */
const secretVariable = /(PASS(WORD|WD|PHRASE)?|SECRET|TOKEN|CREDENTIALS?|COOKIE|KEY)$/i;

export const isSecretVariable = (name: string): boolean => secretVariable.test(name);
