import type { Bench } from '../bench.ts';
import { compare } from '../comparison.ts';
import type { Comparison, Finding } from '../comparison.ts';
import { CONNECTIONS, get, load } from '../http.ts';
import { forgetPeak, peakMb } from '../measure.ts';
import { startGateway, upstream } from './proxy.ts';

/** Six times as much goes through in the second part: what grows with it would show. */
const PARTS_S = [2, 12] as const;

async function run(bench: Bench, id: string, path: string): Promise<Finding> {
  const { port: upstreamPort } = await bench.start(upstream());
  const { pid, port } = await startGateway(bench, upstreamPort);
  const options = { port, connections: CONNECTIONS, requests: [get(path)] };
  await load({ ...options, seconds: PARTS_S[0] }, bench.signal);
  const peaks: number[] = [];
  for (const seconds of PARTS_S) {
    forgetPeak(pid);
    const { bytes } = await load({ ...options, seconds }, bench.signal);
    peaks.push(peakMb(pid));
    bench.say(`${Math.round(bytes / 1e6)} MB went through, with ${Math.round(peaks.at(-1) ?? 0)} MB of memory`);
  }
  const [short = 0, long = 0] = peaks;
  return compare(id, { against: 'a sixth of the bytes', floor: 1 / 1.3, unit: 'MB at most' }, [short], [long]);
}

export const memory: Comparison = {
  id: 'proxy-memory',
  title: 'bodies of 1 MB and streamed ones through the gateway, in flat memory',
  run: async (bench) => [
    await run(bench, 'proxy-memory-1mb', '/api/movies/1000000'),
    await run(bench, 'proxy-memory-streamed', '/api/movies'),
  ],
};
