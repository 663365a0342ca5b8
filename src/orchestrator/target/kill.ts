import { Failure } from '../failure.ts';
import type { ComponentName } from '../local/ports.plan.ts';
import type { Target } from './target.ts';

/** Kills a component without a chance to finish anything (SIGKILL); it comes back by itself. Returns without waiting for that. */
export async function killHard(target: Target, name: ComponentName): Promise<void> {
  if (target.kind === 'cluster') {
    const pods = ['delete', 'pods', `--selector=app.kubernetes.io/name=${name}`];
    await target.kubectl.run([...pods, '--force', '--grace-period=0', '--wait=false']);
    return;
  }
  const { components } = await target.control.status();
  const pid = components.find((component) => component.name === name)?.pid;
  if (pid === undefined) throw new Failure('not-running', `${name} does not run.`);
  process.kill(pid, 'SIGKILL');
}
