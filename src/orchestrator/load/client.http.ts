import type { LoadRequest } from './mixes.ts';

export interface Reply {
  /** What came: `200`, `503 broker_unavailable`, `ECONNREFUSED`, `no answer in time`. */
  what: string;
  isGood: boolean;
}

/** Sends requests over as many connections as are needed; never throws. */
export interface Client extends AsyncDisposable {
  send(gateway: string, request: LoadRequest): Promise<Reply>;
}

export interface Limits {
  answerTimeoutMs: number;
  connectTimeoutMs: number;
  connectionLifetimeMs: number;
}

const limits: Limits = {
  /** No answer may take 5 s; what takes longer is measured up to here, and then counts as none. */
  answerTimeoutMs: 15_000,
  connectTimeoutMs: 10_000,
  /** Connections are renewed, as clients come and go: a pod that was added gets its share. */
  connectionLifetimeMs: 5_000,
};

/** What an error of undici is called here; others are known by their code. */
const words: Readonly<Record<string, string>> = {
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'answer broke off',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_SOCKET: 'connection closed',
};

/** undici costs half the processor time of node:http, and a load that lacks time measures itself. Loaded only by those who need it. */
export async function openClient(gateways: readonly string[], given: Partial<Limits> = {}): Promise<Client> {
  const { answerTimeoutMs, connectTimeoutMs, connectionLifetimeMs } = { ...limits, ...given };
  const { Pool } = await import('undici');
  const options = {
    pipelining: 1,
    connect: { timeout: connectTimeoutMs },
    headersTimeout: answerTimeoutMs,
    bodyTimeout: answerTimeoutMs,
  };
  const open = (gateway: string) => ({
    pool: new Pool(gateway, options),
    untilMs: performance.now() + connectionLifetimeMs,
  });
  const pools = new Map(gateways.map((gateway) => [gateway, open(gateway)]));
  // undici's own limit of a connection's age looks at each of them for each request, which takes longer than the request.
  const poolOf = (gateway: string): InstanceType<typeof Pool> => {
    const current = pools.get(gateway)!;
    if (performance.now() < current.untilMs) return current.pool;
    // It ends with the last of its answers.
    void current.pool.close();
    const next = open(gateway);
    pools.set(gateway, next);
    return next.pool;
  };
  const headers = { 'content-type': 'application/json' };
  return {
    send: async (gateway, { method, path, body }) => {
      try {
        const answer = await poolOf(gateway).request({ method, path, ...(body !== undefined && { body, headers }) });
        // To its end, for an answer that breaks off is none.
        const text = await answer.body.text();
        const isGood = answer.statusCode < 300;
        return { what: isGood ? String(answer.statusCode) : `${answer.statusCode} ${codeIn(text)}`.trim(), isGood };
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        return { what: words[code ?? ''] ?? code ?? message, isGood: false };
      }
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...pools.values()].map(({ pool }) => pool.destroy()));
    },
  };
}

/** The problem's code; nothing for an answer that is not one of ours. */
function codeIn(body: string): string {
  try {
    return (JSON.parse(body) as { code?: string }).code ?? '';
  } catch {
    return '';
  }
}
