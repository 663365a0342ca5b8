import type { Target } from '../target/target.ts';
import type { Fault, Scene } from './fault.ts';
import { drained, ends, restarts } from './faults.pods.ts';
import { cuts } from './faults.network.ts';
import { frozen } from './faults.processes.ts';
import { stores } from './faults.stores.ts';

/** Every fault that a drill knows. */
export const faults: readonly Fault[] = [...ends, ...frozen, ...restarts, drained, ...cuts, ...stores];

export const isPossible = (fault: Fault, kind: Target['kind']): boolean => fault[kind] !== undefined;

export async function strike(fault: Fault, target: Target, scene: Scene): Promise<void> {
  await (target.kind === 'local' ? fault.local?.(target, scene) : fault.cluster?.(target, scene));
}
