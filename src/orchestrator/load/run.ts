import { performance } from 'node:perf_hooks';
import { keepPace } from '../pace.ts';
import type { Stage } from '../pace.ts';
import { openClient } from './client.http.ts';
import { recordLatency } from './latency.ts';
import type { Latency } from './latency.ts';
import { measure } from './measure.ts';
import type { Glance, Measured } from './measure.ts';
import type { Endpoint } from './mixes.ts';
import { durationOf } from './stages.ts';

/** Beyond so many unanswered requests a system does not recover by more of them, and this process runs out of sockets. */
const maxInFlight = 1_000;

const glanceEveryMs = 1_000;

export interface LoadOptions {
  /** Where requests go, in turn. */
  gateways: readonly string[];
  stages: readonly Stage[];
  /** What is requested, in turn. */
  endpoints: readonly Endpoint[];
  tag: string;
  /** Ends it early; answers that are on their way are waited for. */
  signal: AbortSignal;
  /** Called every second. @param nowMs since the start */
  onGlance?: (glance: Glance, nowMs: number) => void;
  maxInFlight?: number;
}

/** How well the requests were sent: whether the figures are those of the system, or of this process. */
export interface Generator {
  /** How long after they were due requests were sent. It is part of every latency. */
  lateMs: Latency | undefined;
  /** How much of the time the process was at work; one that always is has no time to spare. */
  busyPercent: number;
}

export interface Loaded extends Measured {
  /** How long requests were due: all stages, or until the signal. */
  loadSeconds: number;
  generator: Generator;
}

/**
 * Sends what is due when it is due, and times each answer from the moment at which its request was due: a system that stalls for a
 * second is measured by all that were due in this second, not by the one request that was under way.
 *
 * No engine from npm does this for us. autocannon and loadtest wait for an answer on each connection before they send the next
 * request (autocannon corrects its figures afterwards), and have no stages; artillery is an open model, but times from the sending
 * on, and brings hundreds of packages and telemetry; k6 is a program to be installed, under the AGPL.
 */
export async function runLoad(options: LoadOptions): Promise<Loaded> {
  const { gateways, stages, endpoints, tag, signal, onGlance } = options;
  const measurement = measure(
    stages,
    endpoints.map(({ name }) => name),
  );
  const late = recordLatency();
  const endpointOf = (number: number): Endpoint => endpoints[number % endpoints.length]!;
  await using client = await openClient(gateways);
  const startMs = performance.now();
  const idle = performance.eventLoopUtilization();
  /** To the microsecond: what is due when a second begins belongs to it. */
  const sinceStart = (dueMs: number): number => Math.round((dueMs - startMs) * 1000) / 1000;
  const send = async (number: number, dueMs: number): Promise<void> => {
    late.record(performance.now() - dueMs);
    const endpoint = endpointOf(number);
    const gateway = gateways[Math.floor(number / endpoints.length) % gateways.length]!;
    const reply = await client.send(gateway, endpoint.request(tag, number));
    measurement.answered(endpoint.name, sinceStart(dueMs), performance.now() - startMs, reply);
  };
  const glancing = setInterval(() => {
    const nowMs = performance.now() - startMs;
    onGlance?.(measurement.glance(nowMs), nowMs);
  }, glanceEveryMs);
  let endedMs = durationOf(stages);
  const onEnd = (): void => void (endedMs = Math.min(endedMs, performance.now() - startMs));
  signal.addEventListener('abort', onEnd);
  try {
    await keepPace({
      stages,
      startMs,
      maxInFlight: options.maxInFlight ?? maxInFlight,
      send,
      onDropped: (number, dueMs) => measurement.dropped(endpointOf(number).name, sinceStart(dueMs)),
      signal,
    });
  } finally {
    clearInterval(glancing);
    signal.removeEventListener('abort', onEnd);
  }
  const { utilization } = performance.eventLoopUtilization(idle);
  return {
    ...measurement.read(),
    loadSeconds: endedMs / 1000,
    generator: { lateMs: late.read(), busyPercent: Math.round(utilization * 100) },
  };
}

/** Lateness that nobody would notice. */
const noticeableMs = 5;

/** Why the figures may say more about this process than about the system; undefined when they do not. */
export function generatorProblem({ all, generator: { lateMs, busyPercent } }: Loaded): string | undefined {
  const share = 0.25;
  if (lateMs !== undefined && lateMs.p99 > noticeableMs && lateMs.p99 > share * (all.latencyMs?.p99 ?? 0)) {
    return `requests left up to ${Math.round(lateMs.p99)} ms late (p99), and latency counts that: this machine is too busy, or the rate too high for it`;
  }
  if (busyPercent > 90)
    return `sending took ${busyPercent} % of one core, all that a process has: the rate is too high for it`;
  return undefined;
}
