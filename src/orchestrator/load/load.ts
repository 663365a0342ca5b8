import { Failure } from '../failure.ts';
import type { Stage } from '../pace.ts';
import type { Target } from '../target/target.ts';
import { duration } from '../terminal.ts';
import { lookAtCluster } from './cluster.look.ts';
import { coolDown } from './cooldown.ts';
import { lookAtProcesses } from './local.look.ts';
import { mixes, placesOrders } from './mixes.ts';
import type { MixName } from './mixes.ts';
import type { Progress } from './progress.ts';
import { reachableGateways } from './reachable.ts';
import { createResult } from './result.ts';
import type { LoadResult } from './result.ts';
import { runLoad } from './run.ts';
import type { Loaded } from './run.ts';
import { observe } from './samples.ts';
import { durationOf, labelOf, stageAt } from './stages.ts';
import type { Threshold } from './thresholds.ts';
import { countRows, newTag, removeRows, settle } from './trace.ts';
import type { Rows, Stored } from './trace.ts';

/** What the command line asks for. */
export interface Plan {
  stages: readonly Stage[];
  mix: MixName;
  thresholds: readonly Threshold[];
  /** Leave the movies and orders there. */
  keep: boolean;
  /** After the load, wait until the autoscalers are at rest. */
  cooldown: boolean;
}

/**
 * Loads a system, looks at it meanwhile and afterwards, and removes what it made.
 * @param signal ends it early, with what there is by then
 * @throws Failure unreachable when no gateway answers
 */
export async function load(target: Target, plan: Plan, progress: Progress, signal: AbortSignal): Promise<LoadResult> {
  const { stages, mix } = plan;
  const gateways = await reachableGateways(target.gateways, progress.say);
  signal.throwIfAborted();
  const tag = newTag();
  const started = new Date();
  const startMs = performance.now();
  const look = target.kind === 'cluster' ? lookAtCluster(target.kubectl) : lookAtProcesses(target.control);
  const observer = observe(look, startMs);
  try {
    const loaded = await runLoad({
      gateways,
      stages,
      endpoints: mixes[mix],
      tag,
      signal,
      onGlance: (glance, nowMs) => progress.show(partOf(stages, nowMs), glance, observer.samples.at(-1)),
    });
    if (plan.cooldown && !signal.aborted && observer.samples.some(({ pods }) => pods.length > 0)) {
      progress.say('the load is over; waiting until the autoscalers are at rest (Ctrl-C ends it here)');
      await coolDown(observer, signal, (ms) =>
        progress.wait(`without load for ${Math.round(ms / 1000)} s`, observer.samples.at(-1)),
      );
    }
    await observer.stop();
    const seconds = (performance.now() - startMs) / 1000;
    const interrupted = signal.aborted;
    const { orders, rows } = await tidy(target, tag, loaded, plan, progress);
    const { samples, missed } = observer;
    const told = {
      system: target.name,
      started,
      mix,
      interrupted,
      samples,
      missed,
      seconds,
      orders,
      rows,
    };
    return createResult(loaded, stages, { ...told, thresholds: plan.thresholds });
  } finally {
    await observer.stop();
  }
}

function partOf(stages: readonly Stage[], nowMs: number): string {
  const index = stageAt(stages, nowMs);
  const left = durationOf(stages) - nowMs;
  const stage = `${stages.length > 1 ? `stage ${index + 1} of ${stages.length}: ` : ''}${labelOf(stages[index]!)}`;
  return `${duration(nowMs)}  ${stage}, ${left > 0 ? `${duration(left)} left` : 'waiting for the last answers'}`;
}

interface Tidied {
  orders: Stored | undefined;
  rows: LoadResult['rows'];
}

/** Removes the rows of the run once they are all there. That it cannot is told with the report, for the run was made. */
async function tidy(target: Target, tag: string, loaded: Loaded, { keep }: Plan, progress: Progress): Promise<Tidied> {
  const { say } = progress;
  const placed = loaded.endpoints.find(placesOrders);
  let orders: Stored | undefined;
  let rows: Rows = { orders: 0, movies: 0 };
  try {
    if (placed !== undefined) {
      const doubtful = placed.errors;
      const confirmed = placed.due - placed.dropped - doubtful;
      // A second Ctrl-C leaves at once; until then what was made is removed.
      orders = await settle(target, tag, { confirmed, doubtful, say, signal: new AbortController().signal });
    }
    if (!keep) say('removing the movies and orders of the load');
    rows = await (keep ? countRows : removeRows)(target, tag);
    return { orders, rows: { ...rows, removed: !keep } };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const problem = error instanceof Failure ? error.message : `${error.name}: ${error.message}`;
    return { orders, rows: { ...rows, removed: false, problem } };
  }
}
