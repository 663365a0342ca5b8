import type { ClusterSystem, LocalSystem } from '../target/target.ts';
import type { Mender } from './mend.ts';

/** What a fault works with beside the system. */
export interface Scene {
  /** How long what is broken stays broken, in milliseconds; chosen by the seed. */
  holdMs: number;
  /** A number from 0 to 1 of the seed, for a choice of the fault's own. */
  choice: number;
  mender: Mender;
  /** Sends no orders while this works, and begins when none is on its way. */
  quietly: (work: () => Promise<void>) => Promise<void>;
  /** Passes when the time is over, or the drill is stopped. */
  hold: (ms: number) => Promise<void>;
  signal: AbortSignal;
}

/** Breaks something, holds it, and mends it. @throws NotStruck when nothing was broken after all */
export type Strike<System> = (system: System, scene: Scene) => Promise<void>;

export interface Fault {
  /** Does not change: plans, ledgers and `--only` name it. */
  name: string;
  /** What it does, in a sentence. */
  explains: string;
  local?: Strike<LocalSystem>;
  cluster?: Strike<ClusterSystem>;
}

/** A fault that broke nothing proves nothing. */
export class NotStruck extends Error {
  override readonly name = 'NotStruck';
}

/** This system cannot be broken in this way: the fault is left out, and says so. */
export class NotPossible extends Error {
  override readonly name = 'NotPossible';
}
