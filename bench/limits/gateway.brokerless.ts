/** The gateway with a queue that takes every order at once: what answering the request costs by itself. */
import { createApp } from '@orchestrator/api-gateway/app.ts';
import { createLogger } from '@orchestrator/kit/log.ts';

const { PORT } = process.env;
const nowhere = 'http://127.0.0.1:1';

const app = createApp({
  queue: { publish: async () => 'confirmed', isOpen: () => true },
  inventoryUrl: nowhere,
  billingUrl: nowhere,
  log: createLogger('api-gateway', 'info'),
  stopping: new AbortController().signal,
});
await app.listen({ host: '127.0.0.1', port: Number(PORT) });
