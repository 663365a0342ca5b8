import { Failure } from '../failure.ts';

const requestTimeoutMs = 5_000;

/**
 * Those of the gateways that answer; a load on the others would measure their absence.
 * @throws Failure unreachable when none does
 */
export async function reachableGateways(gateways: readonly string[], say: (line: string) => void): Promise<string[]> {
  const problems = await Promise.all(gateways.map(problemAt));
  const reachable = gateways.filter((_, index) => problems[index] === undefined);
  const silent = gateways.flatMap((gateway, index) =>
    problems[index] === undefined ? [] : [`${gateway}: ${problems[index]}`],
  );
  if (reachable.length === 0) {
    throw new Failure('unreachable', `No gateway answers (${silent.join('; ')}).`, {
      cure: './orchestrator.sh status, or ./orchestrator.sh local status, tells why.',
    });
  }
  for (const line of silent) say(`left out, for it does not answer: ${line}`);
  return reachable;
}

async function problemAt(gateway: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${gateway}/health/ready`, { signal: AbortSignal.timeout(requestTimeoutMs) });
    await response.body?.cancel();
    return response.ok ? undefined : `answers ${response.status}`;
  } catch (error) {
    const { name, cause } = error as Error;
    return name === 'TimeoutError' ? 'no answer' : ((cause as NodeJS.ErrnoException | undefined)?.code ?? name);
  }
}
