import type { PlainResponse } from '@orchestrator/kit/http.plain.response.ts';
import type { Take } from '@orchestrator/kit/http.shortcut.ts';
import type { Exchange } from './forwarded.ts';

const MOVIES = /^\/api\/movies(\/[0-9]{1,64})?\/?(\?.*)?$/;

interface Parts {
  exchange: Exchange;
  /** The limit that all requests share. */
  inFlight: { isReached: () => boolean; count: (response: PlainResponse) => void };
}

/** Plain requests for movies, handed on as movies.proxy.ts does. */
export function movieShortcut({ exchange, inFlight }: Parts): Take {
  return ({ url }) => {
    const [all, id = '', query = ''] = MOVIES.exec(url) ?? [];
    if (all === undefined || inFlight.isReached()) return undefined;
    return {
      route: id ? '/api/movies/:id' : '/api/movies',
      answer: ({ fail, ...taken }) => {
        inFlight.count(taken.response);
        exchange({ ...taken, target: `/api/movies${id}${query}`, onTaken: () => undefined, onProblem: fail });
      },
    };
  };
}
