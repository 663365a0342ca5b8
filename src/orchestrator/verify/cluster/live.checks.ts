import { gatewayAddresses } from '../../cluster/answers.ts';
import { partOfSystem } from '../../cluster/scale.ts';
import { CommandError } from '../../exec.ts';
import { metricsPort, services } from '../../model/picture.ts';
import type { Check } from '../check.ts';
import { clientAt } from '../client.http.ts';
import { Broken, expect } from '../promise.ts';
import { askFromPod } from './ask.node.ts';
import { runInside } from '../../cluster/inside.node.ts';
import { onCluster } from './live.ts';
import { readyPod } from './objects.ts';
import type { LiveNode } from './objects.ts';

const drainTimeoutMs = 60_000;

export const liveChecks: readonly Check[] = [
  onCluster({
    id: 'services.node-port',
    promise: 'The gateway answers on port 30000 of every node',
    cure: './orchestrator.sh status asks each node; kube-proxy must run on it',
    look: async ({ kubectl }) => {
      const seen = [];
      for (const address of await gatewayAddresses(kubectl)) {
        const { status, shown } = await clientAt(address)('GET', '/health/ready');
        expect(status === 200, `${address}: ${shown}; expected 200`);
        seen.push(`${address} 200`);
      }
      return seen.join(', ');
    },
  }),
  onCluster({
    id: 'services.inside',
    promise:
      'billing-app is reached at billing-app:8080 in the cluster, inventory-app at inventory-app:8080; both live and ready',
    cure: 'kubectl get endpointslices -n microservices shows what is behind a Service; ./orchestrator.sh status',
    look: async ({ kubectl }) => {
      const urls = ['billing-app', 'inventory-app'].flatMap((name) =>
        ['live', 'ready'].map((kind) => `http://${name}:8080/health/${kind}`),
      );
      const { metadata } = await readyPod(kubectl, 'api-gateway');
      return expectAll(await runInside(kubectl, metadata.name, askFromPod, urls));
    },
  }),
  onCluster({
    id: 'services.metrics',
    promise: 'Every service has /metrics for Prometheus on port 9464 of its pod',
    cure: 'Metrics are served by src/kit/metrics.ts, on METRICS_PORT.',
    look: async ({ kubectl }) => {
      const seen = [];
      for (const name of services) {
        const { metadata } = await readyPod(kubectl, name);
        const url = `http://127.0.0.1:${metricsPort}/metrics`;
        const answers = await runInside(kubectl, metadata.name, askFromPod, [url]);
        seen.push(`${name}: ${expectAll(answers, /^# TYPE /m)}`);
      }
      return seen.join(', ');
    },
  }),
  onCluster({
    id: 'scaling.drain',
    promise: 'Any node can be drained: no budget keeps a pod of the system where it is',
    cure: 'kubectl get pdb -n microservices: ALLOWED DISRUPTIONS must not be 0; ./orchestrator.sh deploy',
    look: async ({ kubectl }) => {
      const nodes = (await kubectl.list<LiveNode>('nodes')).map(({ metadata }) => metadata.name);
      for (const node of nodes) {
        const drain = ['drain', node, '--dry-run=server', '--delete-emptydir-data', '--ignore-daemonsets'];
        // Other people's pods are not ours to move, nor to judge.
        const ours = `--pod-selector=${partOfSystem.slice('--selector='.length)}`;
        await kubectl.run([...drain, ours, '--timeout=20s'], { timeoutMs: drainTimeoutMs }).catch((error: unknown) => {
          if (!(error instanceof CommandError)) throw error;
          const said = error.output.split('\n').filter((line) => /error|Cannot evict/i.test(line));
          throw new Broken(`kubectl drain ${node} would not end: ${[...new Set(said)].slice(0, 3).join('; ')}`);
        });
      }
      return `kubectl drain would empty ${nodes.join(' and ')}`;
    },
  }),
];

/** @throws Broken unless each is a 200 whose body fits */
function expectAll(answers: Awaited<ReturnType<typeof askFromPod>>, body = /./): string {
  const seen = answers.map(({ url, status, text }) => `${url} → ${status || text.slice(0, 200)}`);
  const good = answers.every(({ status, text }) => status === 200 && body.test(text));
  expect(good, `${seen.join(', ')}; expected 200`);
  return seen.join(', ');
}
