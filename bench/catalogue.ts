import type { Comparison } from './comparison.ts';
import { backlog } from './comparisons/backlog.ts';
import { crowd } from './comparisons/crowd.ts';
import { growth } from './comparisons/growth.ts';
import { memory } from './comparisons/memory.ts';
import { movieById, movieList } from './comparisons/movies.ts';
import { orderAccept } from './comparisons/orders.accept.ts';
import { orderLatency } from './comparisons/orders.latency.ts';
import { orderStore } from './comparisons/orders.store.ts';
import { proxyLarge, proxySmall } from './comparisons/proxy.ts';
import { replicas } from './comparisons/replicas.ts';
import { start } from './comparisons/start.ts';
import { stream } from './comparisons/stream.ts';

/** Every comparison, in the order in which they are run. */
export const comparisons: readonly Comparison[] = [
  proxySmall,
  proxyLarge,
  memory,
  movieById,
  movieList,
  orderAccept,
  orderStore,
  orderLatency,
  start,
  crowd,
  replicas,
  growth,
  stream,
  backlog,
];
