import { UpstreamConnection } from './upstream.connection.ts';

/** Connections are renewed, so that added replicas get their share. */
const CONNECTION_LIFETIME_MS = 30_000;

/** Well below the 30 s after which our services close an idle connection, which could be just when it is used again. */
const IDLE_TIMEOUT_MS = 4000;

const CHECK_EVERY_MS = 500;

/** The connections to one upstream. It sets no limit to their number. */
export interface UpstreamPool {
  /** A connection with nothing under way: a kept one, or a new one, and certainly a new one when asked for a fresh one. */
  take: (options: { fresh: boolean }) => UpstreamConnection;
  /** Ends the idle connections, and resolves when the others have ended as well. */
  close: () => Promise<void>;
}

export function openPool(origin: string): UpstreamPool {
  const url = new URL(origin);
  const all = new Set<UpstreamConnection>();
  /** The one that was used last comes first again, so that those that are not needed can go. */
  const idle: UpstreamConnection[] = [];
  const closed = Promise.withResolvers<void>();
  let isClosing = false;

  const isWorn = ({ openedMs }: UpstreamConnection, nowMs: number): boolean =>
    nowMs - openedMs > CONNECTION_LIFETIME_MS;

  function onIdle(connection: UpstreamConnection): void {
    if (isClosing || isWorn(connection, connection.idleSinceMs)) connection.abort();
    else idle.push(connection);
  }

  function onClosed(connection: UpstreamConnection): void {
    all.delete(connection);
    const at = idle.indexOf(connection);
    if (at >= 0) idle.splice(at, 1);
    if (isClosing && all.size === 0) closed.resolve();
  }

  function open(): UpstreamConnection {
    const connection = new UpstreamConnection(url, onIdle, onClosed);
    all.add(connection);
    return connection;
  }

  const timer = setInterval(() => {
    const nowMs = performance.now();
    for (const connection of all) connection.checkPause(nowMs);
    while (idle[0] && (nowMs - idle[0].idleSinceMs > IDLE_TIMEOUT_MS || isWorn(idle[0], nowMs))) idle.shift()?.abort();
  }, CHECK_EVERY_MS);
  timer.unref();

  return {
    take: ({ fresh }) => (fresh ? undefined : idle.pop()) ?? open(),
    close: async () => {
      isClosing = true;
      clearInterval(timer);
      for (const connection of idle.splice(0)) connection.abort();
      if (all.size === 0) closed.resolve();
      await closed.promise;
    },
  };
}
