import { namespace } from '../../cluster/kubectl.ts';
import type { Kubectl } from '../../cluster/kubectl.ts';
import { forwardPorts } from '../../cluster/port-forward.ts';
import { valuesOf } from '../../cluster/credentials.ts';
import type { Secret } from '../../cluster/objects.ts';
import { CommandError } from '../../exec.ts';
import type { Check, Outcome } from '../check.ts';
import { Broken, expect } from '../promise.ts';
import { judge, ofObjects, onCluster } from './live.ts';
import { isReady, ofKind, staying } from './objects.ts';
import type { LivePod, Objects } from './objects.ts';

/** A statement on a busy node. */
const typedTimeoutMs = 60_000;

const pagePort = 15_672;

const stores = [
  { pod: 'inventory-database-0', user: 'inventory_user', database: 'inventory' },
  { pod: 'billing-database-0', user: 'billing_user', database: 'orders' },
] as const;

/** The commands that people look at the system with. */
export const handChecks: readonly Check[] = [
  ofObjects({
    id: 'kubectl.wait',
    promise: 'kubectl wait --for=condition=ready pod --all ends: every pod is ready, and no finished one stays',
    resources: 'pods',
    decide: decideWait,
    mayHeal: (objects) => !ofKind(objects, 'Pod').some(hasEnded),
  }),
  onCluster({
    id: 'kubectl.psql',
    promise:
      'kubectl exec POD -- psql -U USER -d DATABASE -c "SELECT …" works in both databases and asks for no password',
    cure: 'pg_hba.conf of the image must trust the local socket; Manifests/postgres-config.yaml makes role and database.',
    look: async ({ kubectl }) => {
      const seen = [];
      for (const { pod, user, database } of stores) {
        const psql = ['psql', '-w', '-U', user, '-d', database, '-c', 'SELECT current_user'];
        const screen = await typed(kubectl, [pod, '--', ...psql], '');
        expect(screen.includes(` ${user}\n`), `${pod}: psql as ${user} shows ${screen}`);
        seen.push(`${pod}: ${user} in ${database}`);
      }
      return seen.join(', ');
    },
  }),
  onCluster({
    id: 'kubectl.shells',
    promise: 'su - postgres and sudo -i -u postgres, then psql, \\l and \\c, work in both database pods',
    cure: './orchestrator.sh deploy   # Manifests/postgres-config.yaml has the command su of these pods',
    look: async ({ kubectl }) => {
      for (const { pod, database } of stores)
        for (const shell of ['su - postgres', 'sudo -i -u postgres']) {
          // Without a terminal a shell takes all of its input for itself.
          const keys = `psql -P pager=off <<'SQL'\n\\l\n\\c ${database}\nSELECT current_user;\nSQL\n`;
          const screen = await typed(kubectl, [pod, '--', ...shell.split(' ')], keys);
          const [list = '', rows = ''] = screen.split(
            `You are now connected to database "${database}" as user "postgres"`,
          );
          const shown = list.includes(` ${database} `) && rows.includes('(1 row)');
          expect(shown, `${pod}, ${shell}, psql, \\l, \\c ${database}: ${screen.slice(-300) || 'nothing comes'}`);
        }
      return `both shells lead to psql in ${stores.map(({ pod }) => pod).join(' and ')}`;
    },
  }),
  onCluster({
    id: 'kubectl.rabbitmq-page',
    promise: 'kubectl port-forward svc/rabbitmq 15672:15672 opens the page of RabbitMQ, with the user of its Secret',
    cure: './orchestrator.sh secrets show tells the user; ./orchestrator.sh deploy tells the broker its passwords again',
    look: async ({ kubectl }) => {
      const [secret] = await kubectl.list<Secret>('secrets', '--field-selector=metadata.name=rabbitmq');
      const values = secret === undefined ? {} : valuesOf(secret);
      const { 'admin-username': user = '', 'admin-password': password = '' } = values;
      await using forward = await forwardPorts(kubectl, 'service/rabbitmq', [pagePort]);
      const origin = `http://127.0.0.1:${forward.localPort(pagePort)}`;
      const page = await fetch(origin, { signal: AbortSignal.timeout(typedTimeoutMs) });
      const title = /<title>([^<]*)/.exec(await page.text())?.[1];
      expect(page.status === 200 && title === 'RabbitMQ Management', `GET / → ${page.status} "${title}"`);
      const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
      const options = { headers: { authorization }, signal: AbortSignal.timeout(typedTimeoutMs) };
      const { status } = await fetch(`${origin}/api/whoami`, options);
      expect(status === 200, `the page does not take the user ${user} with the password of its Secret: ${status}`);
      return `"${title}" takes the user ${user}`;
    },
  }),
  onCluster({
    id: 'kubectl.logs',
    promise: 'kubectl logs deployment/api-gateway shows what the gateway writes: a line of JSON for each request',
    cure: 'Logs are written by src/kit/log.ts.',
    look: async ({ kubectl }) => {
      const text = await kubectl.run(['logs', 'deployment/api-gateway', '--tail=20'], { timeoutMs: typedTimeoutMs });
      const lines = text
        .trimEnd()
        .split('\n')
        .filter((line) => line !== '');
      const strange = lines.find((line) => !isJson(line));
      expect(lines.length > 0, 'the log is empty');
      expect(strange === undefined, `a line is no JSON: ${strange}`);
      return `the last ${lines.length} lines are JSON`;
    },
  }),
];

function decideWait(objects: Objects): Outcome {
  const pods = staying(ofKind(objects, 'Pod'));
  const faults = pods
    .filter((pod) => !isReady(pod))
    .map((pod) => {
      const { metadata, status } = pod;
      const cure = hasEnded(pod) ? `kubectl delete pod ${metadata.name} -n ${namespace}` : './orchestrator.sh status';
      const state = hasEnded(pod) ? `finished (${status.phase})` : `${status.phase}, not ready`;
      return { what: `pod ${metadata.name} is ${state}`, cure };
    });
  return judge(faults, `${pods.length} pods, all ready`);
}

const hasEnded = ({ status }: LivePod): boolean => ['Succeeded', 'Failed'].includes(status.phase);

/** As a person types it, with these keys after it. @returns what comes on the screen */
async function typed(kubectl: Kubectl, argv: readonly string[], keys: string): Promise<string> {
  try {
    return await kubectl.run(['exec', '-i', ...argv], { input: keys, timeoutMs: typedTimeoutMs });
  } catch (error) {
    if (error instanceof CommandError) throw new Broken(`kubectl exec ${argv.join(' ')}: ${error.output.trim()}`);
    throw error;
  }
}

function isJson(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
}
