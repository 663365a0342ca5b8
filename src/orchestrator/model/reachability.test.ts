import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Labels, NetworkPolicy } from './kubernetes.ts';
import type { Endpoint } from './reachability.ts';
import { openFirewall } from './reachability.ts';
import { selects } from './selectors.ts';

const NAME = 'kubernetes.io/metadata.name';
const home = { [NAME]: 'shop' };
const end = (app: string, namespace: string, ports: Labels = {}): Endpoint => ({
  name: app,
  pod: { namespace: { [NAME]: namespace }, labels: { app }, ports },
});

const web = end('web', 'shop');
const store = end('store', 'shop', { sql: '5432' });
const other = end('other', 'elsewhere');
const client: Endpoint = { name: 'client' };
const app = (name: string) => ({ matchLabels: { app: name } });

/** Policies, a connection, and whether it is let through. */
const cases: ReadonlyArray<
  readonly [
    what: string,
    specs: Array<NetworkPolicy['spec']>,
    from: Endpoint,
    to: Endpoint,
    port: number,
    isOpen: boolean,
  ]
> = [
  ['no policy forbids nothing', [], client, store, 5432, true],
  ['an isolated pod takes nothing', [{ podSelector: {} }], web, store, 5432, false],
  ['a policy for others is none', [{ podSelector: app('web') }], web, store, 5432, true],
  ['without policyTypes what goes out is free', [{ podSelector: app('web') }], web, client, 443, true],
  ['an egress list isolates what goes out', [{ podSelector: app('web'), egress: [] }], web, client, 443, false],
  ['an empty rule lets everything in', [{ ingress: [{}] }], client, store, 22, true],
  ['a port is let in, whoever asks', [{ ingress: [{ ports: [{ port: 5432 }] }] }], client, store, 5432, true],
  ['another port is not', [{ ingress: [{ ports: [{ port: 5432 }] }] }], client, store, 5433, false],
  [
    'a port of another protocol is not',
    [{ ingress: [{ ports: [{ port: 5432, protocol: 'UDP' }] }] }],
    web,
    store,
    5432,
    false,
  ],
  ['a port may have a name', [{ ingress: [{ ports: [{ port: 'sql' }] }] }], web, store, 5432, true],
  ['a name that the pod lacks is no port', [{ ingress: [{ ports: [{ port: 'http' }] }] }], web, store, 5432, false],
  ['a protocol alone is all its ports', [{ ingress: [{ ports: [{ protocol: 'TCP' }] }] }], web, store, 22, true],
  ['ports may be a range', [{ ingress: [{ ports: [{ port: 5000, endPort: 6000 }] }] }], web, store, 5432, true],
  [
    'a pod is chosen by its labels',
    [{ podSelector: app('store'), ingress: [{ from: [{ podSelector: app('web') }] }] }],
    web,
    store,
    1,
    true,
  ],
  ['in its own namespace alone', [{ ingress: [{ from: [{ podSelector: {} }] }] }], other, store, 1, false],
  ['or in every one', [{ ingress: [{ from: [{ namespaceSelector: {} }] }] }], other, store, 1, true],
  [
    'in a namespace and by labels',
    [{ ingress: [{ from: [{ namespaceSelector: {}, podSelector: app('x') }] }] }],
    other,
    store,
    1,
    false,
  ],
  ['a client is no pod', [{ ingress: [{ from: [{ namespaceSelector: {} }] }] }], client, store, 1, false],
  [
    'an address range is for clients',
    [{ ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }] }],
    client,
    store,
    1,
    true,
  ],
  ['policies add up', [{}, { ingress: [{ ports: [{ port: 1 }] }] }], web, store, 1, true],
  ['both ends must agree', [{ policyTypes: ['Egress'] }, { ingress: [{}] }], web, store, 1, false],
];

/** Operators of selectors, what they are given, and whether `app: web` fits. */
const operators: ReadonlyArray<readonly [key: string, operator: string, values: string[], fits: boolean]> = [
  ['app', 'In', ['web', 'store'], true],
  ['app', 'In', ['store'], false],
  ['zone', 'In', ['web'], false],
  ['app', 'NotIn', ['store'], true],
  ['app', 'NotIn', ['web'], false],
  ['zone', 'NotIn', ['web'], true],
  ['app', 'Exists', [], true],
  ['zone', 'Exists', [], false],
  ['app', 'DoesNotExist', [], false],
  ['zone', 'DoesNotExist', [], true],
];

for (const [key, operator, values, fits] of operators) {
  test(`selectors: ${key} ${operator} ${values.join()}`, () => {
    assert.equal(selects({ matchExpressions: [{ key, operator, values }] }, { app: 'web' }), fits);
  });
}

test('selectors: an absent one chooses nothing, an empty one everything', () => {
  assert.equal(selects(undefined, {}), false);
  assert.equal(selects({}, {}), true);
});

for (const [what, specs, from, to, port, isOpen] of cases) {
  test(`network policies: ${what}`, () => {
    const policies = specs.map((spec, index): NetworkPolicy => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: `p${index}` },
      spec,
    }));
    assert.equal(openFirewall(policies, home)(from, to, port), isOpen);
  });
}
