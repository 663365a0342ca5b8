import { setTimeout as sleep } from 'node:timers/promises';

/** The pods of a workload that has an autoscaler. */
export interface PodCount {
  name: string;
  /** Pods that take requests. */
  ready: number;
  /** Pods that the autoscaler wants. */
  wanted: number;
  min: number;
  /** Percent of what the pods request, as the autoscaler sees it, and where it aims; null while it does not know. */
  cpuPercent: number | null;
  targetPercent: number | null;
}

/** What one part of the system uses, all its pods together. */
export interface Usage {
  name: string;
  cpuMillicores: number;
  memoryBytes: number;
}

/** What the system looked like at a moment. */
export interface Sample {
  /** Since the start of the run. */
  seconds: number;
  /** Empty where nothing scales. */
  pods: readonly PodCount[];
  usage: readonly Usage[];
}

/** Looks once; undefined when the system did not tell. */
export type Look = () => Promise<Omit<Sample, 'seconds'> | undefined>;

/** Looks at the system again and again. */
export interface Observer {
  readonly samples: readonly Sample[];
  /** How often there was no answer. */
  readonly missed: number;
  /** Ends it; resolves when the last look is over. */
  stop(): Promise<void>;
}

/** Autoscalers look every 15 s, metrics are about as old. */
const everyMs = 3_000;

export function observe(look: Look, sinceMs: number): Observer {
  const stopping = new AbortController();
  const samples: Sample[] = [];
  let missed = 0;
  const seeAgainAndAgain = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const seen = await look();
      if (seen === undefined) missed += 1;
      else samples.push({ seconds: (performance.now() - sinceMs) / 1000, ...seen });
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const looking = seeAgainAndAgain();
  // Whoever stops it hears of an error; until then it is nobody's.
  looking.catch(() => undefined);
  return {
    samples,
    get missed() {
      return missed;
    },
    stop: async () => {
      stopping.abort();
      await looking;
    },
  };
}
