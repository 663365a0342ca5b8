import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complaints, parseNodes } from './nodes.ts';

const node = (name: string, status: object): object => ({ metadata: { name }, status });
const answer = JSON.stringify({
  kind: 'List',
  items: [
    node('master', {
      addresses: [
        { type: 'InternalIP', address: '192.168.56.10' },
        { type: 'Hostname', address: 'master' },
      ],
      conditions: [
        { type: 'MemoryPressure', status: 'False' },
        { type: 'Ready', status: 'True', message: 'kubelet is posting ready status' },
      ],
    }),
    node('agent', {
      addresses: [{ type: 'InternalIP', address: '10.0.2.15' }],
      conditions: [{ type: 'Ready', status: 'False', message: 'cni plugin not initialized' }],
    }),
    node('agent-2', {}),
  ],
});

test('the state of each node is read from the answer of kubectl', () => {
  assert.deepEqual(parseNodes(answer), [
    { name: 'master', ready: true, message: 'kubelet is posting ready status', address: '192.168.56.10' },
    { name: 'agent', ready: false, message: 'cni plugin not initialized', address: '10.0.2.15' },
    { name: 'agent-2', ready: false, message: 'its kubelet has not reported yet', address: undefined },
  ]);
});

test('a node that is missing, not ready, or known by the wrong address is complained of', () => {
  const expected = [
    { name: 'master', address: '192.168.56.10' },
    { name: 'agent', address: '192.168.56.11' },
    { name: 'agent-3', address: '192.168.56.13' },
  ];
  assert.deepEqual(complaints(parseNodes(answer), expected), [
    'agent is not ready: cni plugin not initialized',
    'agent-3 has not joined',
  ]);
  const ready = { name: 'agent', ready: true, message: '', address: '10.0.2.15' };
  assert.deepEqual(complaints([ready], expected.slice(1, 2)), ['agent has the address 10.0.2.15, not 192.168.56.11']);
  assert.deepEqual(complaints(parseNodes(answer), expected.slice(0, 1)), []);
  assert.equal(complaints([], expected).length, 3, 'no nodes at all is not readiness');
});
