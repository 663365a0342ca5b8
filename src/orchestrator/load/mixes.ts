import { ordersOf } from '../orders/values.ts';

export interface LoadRequest {
  method: 'GET' | 'POST';
  path: string;
  body?: string;
}

/** One kind of request, under the name that reports have for it. */
export interface Endpoint {
  name: string;
  /** The request with this number; what it creates begins with the run's tag. */
  request: (tag: string, number: number) => LoadRequest;
}

const placeOrder: Endpoint = {
  name: 'POST /api/billing',
  request: (tag, number) => ({
    method: 'POST',
    path: '/api/billing',
    body: JSON.stringify(ordersOf(tag).valuesOf(number)),
  }),
};

const createMovie: Endpoint = {
  name: 'POST /api/movies',
  request: (tag, number) => ({
    method: 'POST',
    path: '/api/movies',
    body: JSON.stringify({ title: `${tag}-${number}`, description: 'Made by load, and removed after it' }),
  }),
};

const reading = (path: string): Endpoint => ({ name: `GET ${path}`, request: () => ({ method: 'GET', path }) });

const listMovies = reading('/api/movies?limit=20');
const listOrders = reading('/api/billing?limit=20');

/** What is requested, in turn. */
export const mixes = {
  mixed: [placeOrder, listMovies, placeOrder, createMovie],
  orders: [placeOrder],
  movies: [listMovies, listMovies, listMovies, createMovie],
  read: [listMovies, listOrders],
} as const satisfies Record<string, readonly Endpoint[]>;

export type MixName = keyof typeof mixes;
export const mixNames = Object.keys(mixes) as MixName[];

/** Whether an answer to this endpoint with 200 is a row sooner or later. */
export const placesOrders = ({ name }: Pick<Endpoint, 'name'>): boolean => name === placeOrder.name;
