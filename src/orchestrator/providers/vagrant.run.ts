import { CommandError, run } from '../exec.ts';
import { Failure } from '../failure.ts';
import { findProgram } from '../programs.ts';
import { explainFailure } from './known-issues.ts';
import type { Work } from './provider.ts';
import type { SshTarget } from './ssh-cli.ts';
import { parseErrors, parseStatus, parseTargets, vagrantWords } from './vagrant-cli.ts';
import type { VagrantState } from './vagrant-cli.ts';

/** `vagrant` on the machines of one Vagrantfile. */
export interface Vagrant {
  /**
   * Runs it, telling what it says.
   * @param what what could not be done when it fails: "The machines could not be started"
   * @throws Failure
   */
  run(what: string, words: readonly string[], deadlineMs: number): Promise<void>;
  /** How ssh reaches the machines, all of which must run. */
  targets(names: readonly string[]): Promise<Map<string, SshTarget>>;
  status(): Promise<Map<string, VagrantState>>;
}

/** It starts Ruby and asks the hypervisor for each machine: seconds, on a busy computer many. */
const questionMs = 120_000;

/** How long it may tidy up after an interrupt. Killed before, it would leave a half-made machine and a lock. */
const patienceMs = 600_000;

export async function findVagrant({ environment }: Work): Promise<string | undefined> {
  return findProgram('vagrant', environment.folders);
}

/**
 * @param project folder of the Vagrantfile
 * @throws Failure missing-tool
 */
export async function openVagrant(project: string, work: Work): Promise<Vagrant> {
  const program = await findVagrant(work);
  if (program === undefined) {
    throw new Failure('missing-tool', 'Vagrant is not on this machine.', { cure: installVagrant });
  }
  // No look at the network for newer versions of itself.
  const env = { ...work.environment.user, VAGRANT_CHECKPOINT_DISABLE: '1' };
  const call = async (what: string, words: readonly string[], deadlineMs: number, onLine?: (line: string) => void) => {
    const deadline = AbortSignal.timeout(deadlineMs);
    const argv = [program, ...words];
    try {
      const signal = AbortSignal.any([work.signal, deadline]);
      return await run(argv, { cwd: project, env, signal, timeoutMs: deadlineMs + patienceMs, onLine });
    } catch (error) {
      work.signal.throwIfAborted();
      if (deadline.aborted) {
        throw new Failure('machine-failed', `${what}: vagrant did not end within ${deadlineMs / 60_000} min.`, {
          cause: error,
          cure: 'Look at the machines’ screens in VirtualBox. Then run again: it goes on where it stopped.',
        });
      }
      throw explainFailure(what, readable(error), {
        kind: 'machine-failed',
        cure: 'Run again: it goes on where it stopped. ./orchestrator.sh doctor looks for the cause.',
      });
    }
  };
  return {
    run: async (what, words, deadlineMs) => {
      await call(what, words, deadlineMs, (line) => work.say(line));
    },
    targets: async (names) =>
      parseTargets(await call('The machines’ addresses could not be read', vagrantWords.sshConfig(names), questionMs)),
    status: async () =>
      parseStatus(await call('The machines could not be looked at', vagrantWords.status(), questionMs)),
  };
}

export const installVagrant =
  'Install it: https://developer.hashicorp.com/vagrant/install    macOS: brew install --cask vagrant    Without virtual machines: --provider ssh or --provider kubeconfig';

/** A failed command whose machine-readable output was made readable. */
function readable(error: unknown): unknown {
  if (!(error instanceof CommandError)) return error;
  const messages = parseErrors(error.output);
  return messages.length === 0 ? error : new CommandError(error.argv, error.exit, messages.join('\n'), error);
}
