import { readEnvironment } from '@orchestrator/orchestrator/config.ts';
import { installPackages } from '@orchestrator/orchestrator/install.ts';
import type { Packages } from '@orchestrator/orchestrator/install.ts';
import { findProgram } from '@orchestrator/orchestrator/programs.ts';

/** The path of a program that a test needs; it is installed where that is possible, and a test without it fails. */
export async function requireTool(name: string, packages: Packages): Promise<string> {
  const environment = readEnvironment();
  const find = (): Promise<string | undefined> => findProgram(name, environment.folders);
  const present = await find();
  if (present !== undefined) return present;
  const obstacle = await installPackages(packages, {
    environment,
    interactive: false,
    say: () => undefined,
    aside: (ask) => ask(),
  });
  const installed = await find();
  if (installed !== undefined) return installed;
  throw new Error(
    `this test needs ${name}, which could not be installed: ${obstacle ?? 'the package has no such program'}`,
  );
}
