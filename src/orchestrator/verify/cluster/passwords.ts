import { CommandError } from '../../exec.ts';
import { valuesOf } from '../../cluster/credentials.ts';
import type { Kubectl } from '../../cluster/kubectl.ts';
import type { Secret } from '../../cluster/objects.ts';
import type { Outcome } from '../check.ts';
import { deployAgain, judge } from './live.ts';
import type { Fault } from './live.ts';

/** A statement, or an Erlang machine that starts for one question, on a busy node. */
const askTimeoutMs = 60_000;

const databases = { 'inventory-database': 'inventory', 'billing-database': 'orders' } as const;

/** The databases and the broker take the passwords of the Secrets, so that whoever connects anew gets in. */
export async function lookAtPasswords(kubectl: Kubectl): Promise<Outcome> {
  const secrets = await kubectl.list<Secret>('secrets');
  const faults: Fault[] = [];
  const seen: string[] = [];
  for (const { name, role, argv, password } of secrets.flatMap(loginsOf)) {
    const refusal = await refusalOf(kubectl, argv, password);
    if (refusal === undefined) seen.push(`${name} takes ${role}`);
    else
      faults.push({
        what: `${name} does not take the password of its Secret for ${role}: ${refusal}`,
        cure: deployAgain,
      });
  }
  return judge(faults, seen.join(', '));
}

interface Login {
  name: string;
  role: string;
  /** Reads the password from stdin, for everybody on the node sees arguments. */
  argv: string[];
  password: string;
}

function loginsOf(secret: Secret): Login[] {
  const { name } = secret.metadata;
  const values = valuesOf(secret);
  const login = (role: string, key: string, argv: (role: string) => string[]): Login[] =>
    values[key] === undefined ? [] : [{ name, role, argv: argv(role), password: values[key] }];
  if (name === 'rabbitmq') {
    const ask = (user: string): string[] => [
      'deployment/rabbitmq',
      '--',
      'rabbitmqctl',
      '-q',
      'authenticate_user',
      user,
    ];
    return [
      ...login(values['username'] ?? '', 'password', ask),
      ...login(values['admin-username'] ?? '', 'admin-password', ask),
    ];
  }
  if (!(name in databases)) return [];
  const database = databases[name as keyof typeof databases];
  // Over TCP: the socket trusts whoever is in the pod.
  const connect = 'read -r PGPASSWORD; export PGPASSWORD; exec psql -X -q -w -h 127.0.0.1 -U "$0" -d "$1" -c "SELECT"';
  const ask = (role: string): string[] => [`statefulset/${name}`, '--', 'sh', '-c', connect, role, database];
  return [...login(values['username'] ?? '', 'password', ask), ...login('postgres', 'superuser-password', ask)];
}

async function refusalOf(kubectl: Kubectl, argv: readonly string[], password: string): Promise<string | undefined> {
  try {
    await kubectl.run(['exec', '-i', ...argv], { input: `${password}\n`, timeoutMs: askTimeoutMs });
    return undefined;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const said = error.output.split('\n').find((line) => /error|fail|denied/i.test(line)) ?? error.output;
    return said.trim().replaceAll(password, '…');
  }
}
