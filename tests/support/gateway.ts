import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { createApp } from '@orchestrator/api-gateway/app.ts';
import type { OrderQueue } from '@orchestrator/api-gateway/orders.ts';
import { createLogger } from '@orchestrator/kit/log.ts';
import type { Logger } from '@orchestrator/kit/log.ts';

interface GatewayOptions {
  inventoryUrl?: string;
  billingUrl?: string;
  queue?: OrderQueue;
  stopping?: AbortSignal;
  log?: Logger;
}

/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:9';

/** No broker: nothing is taken. */
const closedQueue: OrderQueue = { publish: async () => 'refused', isOpen: () => false };

/** api-gateway's HTTP side in this process, on a free port. */
export async function startGateway(t: TestContext, options: GatewayOptions): Promise<{ port: number; url: string }> {
  const log = createLogger('api-gateway', 'error');
  log.level = 'silent';
  const app = createApp({
    queue: closedQueue,
    inventoryUrl: NOWHERE,
    billingUrl: NOWHERE,
    stopping: new AbortController().signal,
    log,
    ...options,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => {
    app.server.closeAllConnections();
    return app.close();
  });
  const { port } = app.server.address() as AddressInfo;
  return { port, url: `http://127.0.0.1:${port}` };
}
