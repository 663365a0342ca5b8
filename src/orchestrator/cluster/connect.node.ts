/** Runs in a container: no imports. */

/** Whom to connect to; a name is looked up in the DNS of the pod, and without a port that is all. */
export interface Destination {
  host: string;
  port?: number;
}

/** `open`, or why it is not. */
export type Attempt = string;

/** Tries to connect to each of these at once, and says what became of it. Nothing is sent. */
export async function connectToAll(input: {
  destinations: readonly Destination[];
  timeoutMs: number;
}): Promise<Attempt[]> {
  const { connect } = process.getBuiltinModule('node:net');
  const { lookup } = process.getBuiltinModule('node:dns').promises;
  const { setTimeout: sleep } = process.getBuiltinModule('node:timers/promises');
  const reach = (host: string, port: number): Promise<Attempt> =>
    new Promise((resolve) => {
      const socket = connect({ host, port, timeout: input.timeoutMs });
      const end = (attempt: Attempt): void => {
        socket.destroy();
        resolve(attempt);
      };
      socket.once('connect', () => end('open'));
      socket.once('timeout', () => end('no answer'));
      socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    });
  const ask = (host: string): Promise<Attempt> => {
    const asked = lookup(host).then(
      () => 'open',
      (error: NodeJS.ErrnoException) => error.code ?? error.message,
    );
    return Promise.race([asked, sleep(3 * input.timeoutMs, 'no answer', { ref: false })]);
  };
  return Promise.all(input.destinations.map(({ host, port }) => (port === undefined ? ask(host) : reach(host, port))));
}
