import { runFollowing } from '../exec.ts';
import { Failure } from '../failure.ts';
import { done, notYet, until } from '../wait.ts';
import type { Kubectl } from './kubectl.ts';

/** The API server asks the node, which asks the pod's network. */
const forwardTimeoutMs = 30_000;

/** A way from this machine to ports of a pod. It breaks with the pod. */
export interface PortForward extends AsyncDisposable {
  /** The port of 127.0.0.1 that leads to this one. */
  localPort(port: number): number;
}

/**
 * Opens a way to ports of an object, such as `service/rabbitmq`, on free ports of 127.0.0.1.
 * @throws Failure unreachable when there is no pod that could be reached
 */
export async function forwardPorts(kubectl: Kubectl, object: string, ports: readonly number[]): Promise<PortForward> {
  const ending = new AbortController();
  const locals = new Map<number, number>();
  let ended: string | undefined;
  const argv = kubectl.argv(['port-forward', object, ...ports.map((port) => `:${port}`)]);
  const following = runFollowing(argv, {
    signal: ending.signal,
    onLine: (line) => {
      const [, local, remote] = /^Forwarding from 127\.0\.0\.1:(\d+) -> (\d+)$/.exec(line) ?? [];
      if (local !== undefined) locals.set(Number(remote), Number(local));
    },
  }).then(
    () => (ended = 'kubectl ended'),
    (error: Error) => (ended = error.message),
  );
  const close = async (): Promise<void> => {
    ending.abort();
    await following;
  };
  try {
    await until(`a way to ${object}`, forwardTimeoutMs, () => {
      if (ports.every((port) => locals.has(port))) return done(undefined);
      if (ended === undefined) return notYet('kubectl has not connected yet');
      throw new Failure('unreachable', `There is no way to ${object} of the cluster: ${ended}.`, {
        cure: './orchestrator.sh status   # tells what is wrong with its pod',
      });
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { localPort: (port) => locals.get(port)!, [Symbol.asyncDispose]: close };
}
