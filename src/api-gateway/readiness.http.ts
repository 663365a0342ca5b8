import { http } from '@orchestrator/kit/http.node.ts';

/** Below the second that the whole readiness check has. */
const TIMEOUT_MS = 900;

/** Probes come from every node, and each answer is as good for a moment. */
const CACHED_MS = 1000;

/**
 * A check that another service is ready: resolves when its `/health/ready` answers 200, and rejects otherwise. Made on a
 * connection of its own, so that it does not wait behind requests.
 */
export function createReadinessCheck(origin: string): () => Promise<void> {
  let last: Promise<void> | undefined;
  let askedMs = 0;
  return () => {
    const nowMs = performance.now();
    if (!last || nowMs - askedMs >= CACHED_MS) {
      last = ask(`${origin}/health/ready`);
      askedMs = nowMs;
    }
    return last;
  };
}

async function ask(url: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  http
    .get(url, { agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else reject(new Error(`it answered ${response.statusCode}`));
    })
    .on('error', reject);
  return promise;
}
