import { setTimeout as sleep } from 'node:timers/promises';
import { describeExit } from '../exec.ts';
import { Failure } from '../failure.ts';
import { done, notYet, until } from '../wait.ts';
import type { Component } from './components.ts';
import { limitLog, tailOf } from './log-file.ts';
import type { ComponentName } from './ports.plan.ts';
import type { ManagedProcess } from './process.ts';

export type Phase = 'stopped' | 'starting' | 'ready' | 'not ready' | 'stopping' | 'crashed';

/** What is shown of a component. */
export interface ComponentState {
  name: ComponentName;
  port: number;
  phase: Phase;
  /** Why it is not ready, how it crashed; empty when there is nothing to say. */
  detail: string;
  pid: number | undefined;
  /** When it came into this phase, in milliseconds since 1970. */
  since: number;
  /** How often it has been restarted after a crash. */
  restarts: number;
  logFile: string;
}

interface Slot {
  component: Component;
  state: ComponentState;
  process: ManagedProcess | undefined;
  /** Fires when the component is to stop; a new one for each start. */
  life: AbortController;
  /** The attempt that is under way, failed ones included. */
  crashesInARow: number;
  /** Orders for one component are carried out one after the other. */
  queue: Promise<unknown>;
}

/** From the start of a service to its readiness, migrations included. Databases and broker have deadlines of their own. */
const readyTimeoutMs = 60_000;
/** A component that has been ready for this long may crash again without waiting longer than the first time. */
const stableMs = 5_000;
const probeEveryMs = { starting: 100, running: 1_000 };
const limitLogsEveryMs = 10_000;

/** Milliseconds before restart 1, 2, 3 …: 500, 1 000, 2 000, 4 000, 8 000, then 15 000. */
export function restartDelayMs(crashesInARow: number): number {
  return Math.min(15_000, 500 * 2 ** (crashesInARow - 1));
}

/** Starts, watches, restarts and stops the components. */
export class Supervisor {
  readonly #slots: ReadonlyMap<ComponentName, Slot>;
  readonly #onChange: (state: ComponentState) => void;
  readonly #logLimiter: NodeJS.Timeout;

  constructor(components: readonly Component[], onChange: (state: ComponentState) => void) {
    this.#slots = new Map(components.map((component) => [component.name, emptySlot(component)]));
    this.#onChange = onChange;
    this.#logLimiter = setInterval(() => {
      // A full disk or a removed folder must not end the system; the next round tries again.
      for (const { logFile } of components) limitLog(logFile).catch(() => undefined);
    }, limitLogsEveryMs);
  }

  get states(): ComponentState[] {
    return [...this.#slots.values()].map(({ state }) => ({ ...state }));
  }

  /**
   * Starts a component and returns when it is ready; nothing to do when it is.
   * @throws Failure when it ends or is not ready in time; it is stopped then
   */
  async start(name: ComponentName): Promise<void> {
    const slot = this.#slot(name);
    await this.#inTurn(slot, async () => {
      if (slot.state.phase !== 'stopped') return;
      slot.life = new AbortController();
      slot.state.restarts = 0;
      slot.crashesInARow = 0;
      try {
        await this.#launch(slot);
        await this.#untilReady(slot);
      } catch (error) {
        await this.#end(slot, slot.life.signal.aborted ? '' : 'did not start');
        throw error;
      }
    });
  }

  /** Stops a component and returns when it is gone; it is not restarted. */
  async stop(name: ComponentName): Promise<void> {
    const slot = this.#slot(name);
    // A start that is under way gives up.
    slot.life.abort(new Failure('interrupted', `${name} was stopped before it was ready`));
    await this.#inTurn(slot, () => this.#end(slot, ''));
  }

  async stopAll(order: readonly (readonly ComponentName[])[]): Promise<void> {
    clearInterval(this.#logLimiter);
    for (const { life } of this.#slots.values()) life.abort(new Failure('interrupted', 'Stopped before it was ready.'));
    for (const group of order) await Promise.all(group.map((name) => this.stop(name)));
  }

  kill(): void {
    for (const { process } of this.#slots.values()) process?.kill('SIGKILL');
  }

  #slot(name: ComponentName): Slot {
    const slot = this.#slots.get(name);
    if (slot === undefined) throw new RangeError(`no component ${name}`);
    return slot;
  }

  #inTurn<T>(slot: Slot, work: () => Promise<T>): Promise<T> {
    const result = slot.queue.then(work);
    slot.queue = result.catch(() => undefined);
    return result;
  }

  #set(slot: Slot, phase: Phase, detail = ''): void {
    if (slot.state.phase === phase && slot.state.detail === detail) return;
    const since = slot.state.phase === phase ? slot.state.since : Date.now();
    slot.state = { ...slot.state, phase, detail, since, pid: slot.process?.pid };
    this.#onChange({ ...slot.state });
  }

  async #launch(slot: Slot): Promise<void> {
    this.#set(slot, 'starting');
    const process = await slot.component.start(slot.life.signal);
    slot.process = process;
    void this.#observe(slot, process);
    void this.#restartAfterCrash(slot, process);
  }

  async #end(slot: Slot, detail: string): Promise<void> {
    if (slot.state.phase === 'stopped') return;
    slot.life.abort();
    const { process } = slot;
    if (process !== undefined) {
      this.#set(slot, 'stopping');
      await process.stop();
    }
    slot.process = undefined;
    this.#set(slot, 'stopped', detail);
  }

  /** Keeps the shown phase true while the process lives. */
  async #observe(slot: Slot, process: ManagedProcess): Promise<void> {
    const { signal } = slot.life;
    while (slot.process === process && !signal.aborted) {
      const problem = await slot.component.problem();
      if (slot.process !== process || signal.aborted) return;
      if (problem === undefined) this.#set(slot, 'ready');
      else this.#set(slot, slot.state.phase === 'starting' ? 'starting' : 'not ready', problem);
      await sleep(slot.state.phase === 'ready' ? probeEveryMs.running : probeEveryMs.starting);
    }
  }

  async #restartAfterCrash(slot: Slot, process: ManagedProcess): Promise<void> {
    const exit = await process.exited;
    const { signal } = slot.life;
    if (slot.process !== process || signal.aborted) return;
    if (slot.state.phase === 'ready' && Date.now() - slot.state.since > stableMs) slot.crashesInARow = 0;
    await this.#restart(slot, describeExit(exit), signal);
  }

  async #restart(slot: Slot, reason: string, signal: AbortSignal): Promise<void> {
    slot.process = undefined;
    slot.crashesInARow += 1;
    const delayMs = restartDelayMs(slot.crashesInARow);
    this.#set(slot, 'crashed', `${reason}; restart in ${delayMs / 1000} s`);
    await sleep(delayMs, undefined, { signal }).catch(() => undefined);
    await this.#inTurn(slot, async () => {
      if (signal.aborted) return;
      slot.state.restarts += 1;
      await this.#launch(slot);
    }).catch((error: Error) => (signal.aborted ? undefined : this.#restart(slot, firstLine(error), signal)));
  }

  async #untilReady(slot: Slot): Promise<void> {
    const { name, logFile } = slot.component;
    await until(
      `${name} gets ready`,
      readyTimeoutMs,
      () => {
        const { phase, detail } = slot.state;
        if (phase === 'ready') return done(undefined);
        if (phase === 'crashed') throw new Failure('start-failed', `it ended (${detail.split(';')[0]})`);
        return notYet(detail || phase);
      },
      { signal: slot.life.signal },
    ).catch(async (error: Error) => {
      if (slot.life.signal.aborted) throw error;
      const log = await tailOf(logFile, 12);
      const text = `${name} did not start: ${error.message}.${log === '' ? '' : ` Its log:\n${log}`}`;
      throw new Failure('start-failed', text, { cause: error, cure: `The whole log: ${logFile}` });
    });
  }
}

function emptySlot(component: Component): Slot {
  const { name, port, logFile } = component;
  const state: ComponentState = {
    name,
    port,
    logFile,
    phase: 'stopped',
    detail: '',
    pid: undefined,
    since: Date.now(),
    restarts: 0,
  };
  return {
    component,
    state,
    process: undefined,
    life: new AbortController(),
    crashesInARow: 0,
    queue: Promise.resolve(),
  };
}

const firstLine = (error: Error): string => error.message.split('\n')[0] ?? '';
