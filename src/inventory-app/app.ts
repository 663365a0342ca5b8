import { MOVIE_BODY_LIMIT_BYTES } from '@orchestrator/contracts/movie.ts';
import { healthRoutes } from '@orchestrator/kit/http.health.ts';
import { createHttpServer } from '@orchestrator/kit/http.server.ts';
import { takeShortcut } from '@orchestrator/kit/http.shortcut.ts';
import type { Logger } from '@orchestrator/kit/log.ts';
import type { FastifyInstance } from 'fastify';
import { movieRoutes, movieShortcut } from './movies.http.ts';
import type { MovieStore } from './movies.ts';

interface Parts {
  store: MovieStore;
  log: Logger;
  stopping: AbortSignal;
}

/** inventory-app, assembled and not yet listening. */
export function createApp({ store, log, stopping }: Parts): FastifyInstance {
  const app = createHttpServer({ log, bodyLimitBytes: MOVIE_BODY_LIMIT_BYTES });
  healthRoutes(app, { check: () => store.check(), stopping });
  movieRoutes(app, store);
  takeShortcut(app, movieShortcut(store), log, stopping);
  return app;
}
