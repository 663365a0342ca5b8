import { movieQuerySchema } from './movie.ts';
import {
  answer,
  body,
  failure,
  failures,
  file,
  header,
  headers,
  health,
  listOf,
  parameter,
  parameters,
  queryParameters,
  ref,
  schemas,
  unchanged,
} from './openapi.components.ts';
import { orderQuerySchema } from './order.ts';
import type { ProblemCode } from './problem.ts';

/** What any request may be answered with. */
const anywhere: ProblemCode[] = [
  'malformed_request',
  'request_timeout',
  'uri_too_long',
  'unsupported_media_type',
  'expectation_failed',
  'too_many_requests',
  'headers_too_large',
  'internal',
];

/** What a request to a service behind the gateway may be answered with as well. */
const behind: ProblemCode[] = ['body_too_large', 'upstream_unreachable', 'database_unavailable', 'upstream_timeout'];

const bodyErrors: ProblemCode[] = ['malformed_json', 'body_too_large', 'invalid_field'];

const movie = { id: 1, title: 'The Matrix', description: 'A hacker learns what the world is made of' };
const newMovie = { title: movie.title, description: movie.description };
const newOrder = { user_id: '20', number_of_items: '99', total_amount: '250' };
const order = { tracking_id: parameters.TrackingId.example, state: 'stored', ...newOrder };

const moviePaths = {
  '/api/movies': {
    get: {
      operationId: 'listMovies',
      summary: 'All movies, or those whose title contains a text',
      tags: ['movies'],
      parameters: queryParameters(movieQuerySchema),
      responses: {
        200: answer('The movies, by id', listOf('Movie'), [movie], ['Link']),
        ...failures(...anywhere, ...behind, 'invalid_field'),
      },
    },
    post: {
      operationId: 'createMovie',
      summary: 'Create a movie',
      tags: ['movies'],
      parameters: [parameter('IdempotencyKey')],
      requestBody: body(ref('NewMovie'), newMovie),
      responses: {
        200: answer('The movie that was created', ref('Movie'), movie),
        ...failures(...anywhere, ...behind, ...bodyErrors, 'idempotency_conflict'),
      },
    },
    delete: {
      operationId: 'deleteMovies',
      summary: 'Delete all movies',
      tags: ['movies'],
      responses: {
        200: answer('How many there were', ref('Deleted'), { message: '2 movies deleted', deleted: 2 }),
        ...failures(...anywhere, ...behind),
      },
    },
  },
  '/api/movies/{id}': {
    parameters: [parameter('MovieId')],
    get: {
      operationId: 'getMovie',
      summary: 'One movie',
      tags: ['movies'],
      responses: {
        200: answer('The movie', ref('Movie'), movie),
        ...failures(...anywhere, ...behind, 'not_found'),
      },
    },
    put: {
      operationId: 'updateMovie',
      summary: 'Change a movie',
      tags: ['movies'],
      requestBody: body(ref('NewMovie'), newMovie),
      responses: {
        200: answer('The movie as it is now', ref('Movie'), movie),
        ...failures(...anywhere, ...behind, ...bodyErrors, 'not_found'),
      },
    },
    delete: {
      operationId: 'deleteMovie',
      summary: 'Delete a movie',
      tags: ['movies'],
      responses: {
        200: answer('It is deleted', ref('Deleted'), { message: '1 movie deleted', deleted: 1 }),
        ...failures(...anywhere, ...behind, 'not_found'),
      },
    },
  },
};

const orderPaths = {
  '/api/billing': {
    post: {
      operationId: 'placeOrder',
      summary: 'Place an order',
      description:
        'Answered with 200 once the broker has confirmed the order safe on disk, also while billing-app is stopped. ' +
        'Whether it was stored, GET /api/billing/{tracking_id} tells.',
      tags: ['orders'],
      parameters: [parameter('IdempotencyKey')],
      requestBody: body(ref('NewOrder'), newOrder),
      responses: {
        200: answer('The order is safe', ref('AcceptedOrder'), {
          message: 'Order accepted',
          tracking_id: order.tracking_id,
        }),
        ...failures(...anywhere, ...bodyErrors, 'broker_unavailable', 'queue_full', 'unroutable', 'outcome_unknown'),
      },
    },
    get: {
      operationId: 'listOrders',
      summary: 'Stored orders, newest first',
      tags: ['orders'],
      parameters: queryParameters(orderQuerySchema),
      responses: {
        200: answer('The orders', listOf('StoredOrder'), [{ id: 1, ...order }], ['Link']),
        ...failures(...anywhere, ...behind, 'invalid_field'),
      },
    },
  },
  '/api/billing/{tracking_id}': {
    parameters: [parameter('TrackingId')],
    get: {
      operationId: 'getOrder',
      summary: 'What became of an order',
      description: '404 while nothing is recorded: an order that was answered with 200 may still be in the queue.',
      tags: ['orders'],
      responses: {
        200: answer('Stored, or rejected with a reason', ref('OrderState'), order),
        ...failures(...anywhere, ...behind, 'not_found'),
      },
    },
  },
};

const system = (operationId: string, summary: string, responses: object): object => ({
  get: { operationId, summary, tags: ['system'], responses: { ...responses, ...failures(...anywhere) } },
});

const systemPaths = {
  '/health/live': system('live', 'The process works', { 200: answer('It does', health('live'), { status: 'live' }) }),
  '/health/ready': system('ready', 'The gateway can do its work', {
    200: answer('It can', health('ready'), { status: 'ready' }),
    ...failures('not_ready'),
  }),
  '/openapi.json': system('openApi', 'This description', { 200: answer('OpenAPI 3.1', { type: 'object' }, undefined) }),
  '/docs': system('docs', 'This description for people', { 200: file('The page', 'text/html'), 304: unchanged }),
  '/': system('home', 'Leads to /docs', {
    302: { description: 'The page is at /docs', headers: { Location: { ...header('Location'), required: true } } },
  }),
};

/** The whole API of api-gateway (https://spec.openapis.org/oas/v3.1.1). */
export const openApi = {
  openapi: '3.1.1',
  info: {
    title: 'Movies and orders',
    version: '1.0.0',
    description:
      'Errors are `application/problem+json` (RFC 9457), with a `code` for programs and a `detail` for people. A path that ' +
      'is there answers other methods with 405 and `Allow`. A trailing slash makes no difference.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/' }],
  tags: [
    { name: 'movies', description: 'The inventory, answered by inventory-app' },
    { name: 'orders', description: 'Taken into a queue, stored by billing-app' },
    { name: 'system' },
  ],
  paths: { ...moviePaths, ...orderPaths, ...systemPaths },
  components: { schemas, parameters, headers, responses: { MethodNotAllowed: failure(['method_not_allowed']) } },
};
