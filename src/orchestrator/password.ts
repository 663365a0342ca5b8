import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

/** 120 bits, without characters that a shell, a URL or JSON would take for something else. */
export const randomPassword = (): string => randomBytes(15).toString('base64url').replaceAll(/[-_]/g, 'x');

/** What PostgreSQL uses itself (RFC 7677 asks for 4096 at least). */
const iterations = 4096;

/**
 * What PostgreSQL stores of a password. `ALTER ROLE … PASSWORD` takes it as it is, so that the password itself never comes
 * into a statement, and with it into a log (https://www.postgresql.org/docs/15/catalog-pg-authid.html).
 * @param password printable ASCII; others would need SASLprep first
 */
export function scramVerifier(password: string, salt = randomBytes(16)): string {
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const hmac = (text: string): Buffer => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${hmac('Server Key').toString('base64')}`;
}
