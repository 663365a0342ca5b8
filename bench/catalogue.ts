import type { Comparison } from './comparison.ts';
import { movieById, movieList } from './comparisons/movies.ts';
import { orderAccept } from './comparisons/orders.accept.ts';
import { orderStore } from './comparisons/orders.store.ts';
import { proxyLarge, proxySmall } from './comparisons/proxy.ts';

/** Every comparison, in the order in which they are run. */
export const comparisons: readonly Comparison[] = [
  proxySmall,
  proxyLarge,
  movieById,
  movieList,
  orderAccept,
  orderStore,
];
