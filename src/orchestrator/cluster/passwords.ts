import { createHash } from 'node:crypto';
import { scramVerifier } from '../password.ts';
import { valuesOf } from './credentials.ts';
import type { Kubectl } from './kubectl.ts';
import type { Secret } from './objects.ts';

/** A statement, or an Erlang machine that starts to give one order, on a busy node. */
const tellTimeoutMs = 60_000;

const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** SQL that makes the password of a role what the Secret says. */
export function passwordSql(role: string, password: string): string {
  return `ALTER ROLE ${quoteName(role)} PASSWORD ${quoteText(scramVerifier(password))};\n`;
}

/**
 * Makes the running databases and the broker agree with these Secrets. Whoever is connected stays connected; new connections
 * need the new passwords. Nothing changes where they agree already.
 */
export async function tellPasswords(kubectl: Kubectl, secrets: readonly Secret[]): Promise<void> {
  await Promise.all(
    secrets.map(async (secret) => {
      const values = valuesOf(secret);
      return secret.metadata.name === 'rabbitmq'
        ? tellBroker(kubectl, secret, values)
        : tellDatabase(kubectl, secret.metadata.name, values);
    }),
  );
}

async function tellDatabase(kubectl: Kubectl, name: string, values: Record<string, string>): Promise<void> {
  const { username = '', password = '', 'superuser-password': superuserPassword = '' } = values;
  // Over the socket, which trusts whoever is in the pod; on stdin, for everybody on the node sees arguments.
  await kubectl.run(
    ['exec', '-i', `statefulset/${name}`, '--', 'psql', '-q', '-U', 'postgres', '-v', 'ON_ERROR_STOP=1'],
    {
      input: passwordSql(username, password) + passwordSql('postgres', superuserPassword),
      timeoutMs: tellTimeoutMs,
    },
  );
}

/** On the broker's Secret: a hash of the values that the broker was told last. */
const toldKey = 'microservices/told';

/**
 * Only what is new: each order to the broker starts an Erlang machine, which takes seconds of a core from the pods beside it.
 * The broker reads the Secret at its own start as well.
 */
async function tellBroker(kubectl: Kubectl, { metadata: { name } }: Secret, values: Record<string, string>) {
  const [current] = await kubectl.list<Secret>('secrets', `--field-selector=metadata.name=${name}`);
  const hash = createHash('sha256').update(JSON.stringify(values)).digest('hex');
  if (current?.metadata.annotations?.[toldKey] === hash) return;
  for (const [user, password] of [
    ['username', 'password'],
    ['admin-username', 'admin-password'],
  ] as const) {
    const change = [
      'exec',
      '-i',
      'deployment/rabbitmq',
      '--',
      'rabbitmqctl',
      '-q',
      'change_password',
      values[user] ?? '',
    ];
    await kubectl.run(change, { input: `${values[password]}\n`, timeoutMs: tellTimeoutMs });
  }
  await kubectl.run(['annotate', 'secret', name, `${toldKey}=${hash}`, '--overwrite']);
}
