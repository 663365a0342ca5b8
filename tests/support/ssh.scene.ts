import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { readEnvironment } from '@orchestrator/orchestrator/config.ts';
import { Failure } from '@orchestrator/orchestrator/failure.ts';
import type { Provider, Work } from '@orchestrator/orchestrator/providers/provider.ts';
import { createSshProvider } from '@orchestrator/orchestrator/providers/ssh.ts';
import { obstacleToSshMachines, startSshMachines } from './machine.sshd.ts';
import type { SshMachine, SshMachines } from './machine.sshd.ts';

/** A real sshd for each machine, with stand-ins for K3s and systemd: this machine is not touched. */
export const skip = obstacleToSshMachines() ?? false;

interface Scene {
  provider: Provider;
  work: Work;
  said: string[];
  server: SshMachine;
  agent: SshMachine;
  all: SshMachines;
  state: string;
}

const kubeconfig = `apiVersion: v1
clusters: [{ name: default, cluster: { server: 'https://127.0.0.1:6443' } }]
contexts: [{ name: default, context: { cluster: default, user: default } }]
current-context: default
users: [{ name: default, user: {} }]
`;

const nodes = (...list: Array<[name: string, address: string]>): string =>
  JSON.stringify({
    items: list.map(([name, address]) => ({
      metadata: { name },
      status: { conditions: [{ type: 'Ready', status: 'True' }], addresses: [{ type: 'InternalIP', address }] },
    })),
  });

export async function setScene(t: TestContext): Promise<Scene> {
  const cleanUps: Array<() => Promise<void>> = [];
  t.after(async () => {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  });
  const all = await startSshMachines(2, (cleanUp) => void cleanUps.push(cleanUp));
  const [server, agent] = all.machines as readonly [SshMachine, SshMachine];
  await server.set('nodes', nodes(['master', server.address], ['agent', agent.address]));
  await server.set('kubeconfig', kubeconfig);
  const state = join(all.home, 'cluster/ssh');
  const provider = createSshProvider({
    hosts: [server, agent].map(({ address, port }) => `root@${address}:${port}`),
    identityFile: all.identityFile,
    state,
    cache: all.cache,
    script: all.script,
  });
  const said: string[] = [];
  const work = {
    environment: readEnvironment(),
    say: (line: string) => void said.push(line),
    signal: new AbortController().signal,
  };
  return { provider, work, said, server, agent, all, state };
}

export const failsWith = (message: RegExp, kind: string) => (error: unknown) => {
  assert.ok(error instanceof Failure, String(error));
  assert.match(error.message, message);
  assert.equal(error.kind, kind);
  assert.ok(error.cure);
  return true;
};
