import { Failure } from '../failure.ts';
import type { ComponentName } from '../local/ports.plan.ts';
import { done, notYet, until } from '../wait.ts';
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

/** From the kill to readiness, with the pause that a supervisor makes before it starts it again. */
const backWithinMs = 90_000;

/** Waits until a component that was killed is ready again. @throws DeadlineError */
export async function untilBack(target: Target, name: ComponentName): Promise<void> {
  if (target.kind === 'cluster') return target.start(name);
  await until(`${name} comes back`, backWithinMs, async () => {
    const { components } = await target.control.status();
    const { phase = 'unknown', detail = '' } = components.find((component) => component.name === name) ?? {};
    return phase === 'ready' ? done(undefined) : notYet(`${phase} ${detail}`.trimEnd());
  });
}
