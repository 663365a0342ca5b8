import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Gives memory back that holds nothing any more. V8 does so only when a program asks for more, which one with little to do may
 * never. Everything waits meanwhile, for some 50 ms.
 */
export function collectGarbage(): void {
  // V8 shows the collector to new contexts only, and compares its flags with those that code was compiled under.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as NodeJS.GCFunction;
  setFlagsFromString('--no-expose-gc');
  collect({ type: 'major', flavor: 'last-resort' });
}
