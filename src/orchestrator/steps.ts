import { duration } from './terminal.ts';
import type { Terminal } from './terminal.ts';

/** One part of a command such as `create`: the life of a cluster is a list of these. */
export interface Step {
  /** What it does, as a noun phrase or in the imperative: "machines and Kubernetes". */
  title: string;
  /** Does it, or finds that it is done already. `say` tells details, a line at a time. */
  run(say: (line: string) => void): Promise<void>;
  /** What it would do, a line each; for --dry-run. */
  plan(): Promise<string[]> | string[];
}

/** What a step that began or ended is reported as with `-o json`. */
export interface StepEvent {
  step: number;
  of: number;
  title: string;
  state: 'started' | 'done' | 'failed';
  ms?: number;
}

export interface StepReport {
  terminal: Terminal;
  /** Called with each event, for `-o json`. */
  onEvent?: ((event: StepEvent) => void) | undefined;
}

/** Runs the steps one after the other, telling which one is at work. An error ends it; what was done stays done. */
export async function runSteps(steps: readonly Step[], { terminal, onEvent }: StepReport): Promise<void> {
  for (const [index, step] of steps.entries()) {
    const event = { step: index + 1, of: steps.length, title: step.title };
    const label = `[${event.step}/${event.of}] ${step.title}`;
    const start = performance.now();
    terminal.write(`${label}\n`);
    onEvent?.({ ...event, state: 'started' });
    const ms = (): number => Math.round(performance.now() - start);
    try {
      await step.run((line) => terminal.write(`      ${line}\n`));
    } catch (error) {
      onEvent?.({ ...event, state: 'failed', ms: ms() });
      terminal.write(`${label}: ${terminal.paint('red', 'not done')} (after ${duration(ms())})\n`);
      throw error;
    }
    onEvent?.({ ...event, state: 'done', ms: ms() });
    if (ms() >= 1000) terminal.write(`      ${terminal.paint('green', 'done')} (${duration(ms())})\n`);
  }
}

/** What the steps would do. */
export async function planSteps(steps: readonly Step[]): Promise<string[]> {
  const lines: string[] = [];
  for (const [index, step] of steps.entries()) {
    lines.push(`[${index + 1}/${steps.length}] ${step.title}`, ...(await step.plan()).map((line) => `      ${line}`));
  }
  return lines;
}
