import type { Terminal } from '../terminal.ts';
import { alignColumns, duration } from '../terminal.ts';
import type { ComponentState, Phase } from './supervisor.ts';

/** What the person in front of a running system sees: events above, on a terminal a table that stays below them. */
export interface Screen {
  /** One line of what happened. */
  say: (line: string) => void;
  show(states: readonly ComponentState[], changed: ComponentState): void;
  /** Keeps the table away while something else uses the terminal. */
  aside: <T>(use: () => Promise<T>) => Promise<T>;
  /** Takes the table away; what is said from then on stays plain. */
  close(): void;
}

const colours = {
  stopped: 'gray',
  starting: 'yellow',
  ready: 'green',
  'not ready': 'red',
  stopping: 'yellow',
  crashed: 'red',
} as const satisfies Record<Phase, string>;

/** How long each component has been in its state is shown in seconds. */
const redrawEveryMs = 1_000;

export function openScreen(terminal: Terminal): Screen {
  return terminal.live ? liveScreen(terminal) : plainScreen(terminal);
}

function plainScreen(terminal: Terminal): Screen {
  const said = new Map<string, string>();
  return {
    say: (line) => terminal.write(`${clock()}  ${line}\n`),
    show: (_states, changed) => {
      // While it starts, the reason why it is not ready yet changes often and tells little.
      const line = eventLine(terminal, changed);
      if (said.get(changed.name) === line || (changed.phase === 'starting' && changed.detail !== '')) return;
      said.set(changed.name, line);
      terminal.write(`${clock()}  ${line}\n`);
    },
    aside: (use) => use(),
    close: () => undefined,
  };
}

function liveScreen(terminal: Terminal): Screen {
  const plain = plainScreen(terminal);
  let states: readonly ComponentState[] = [];
  let drawn = 0;
  let away = 0;
  const erase = (): void => {
    if (drawn > 0) terminal.write(`\u001B[${drawn}A\u001B[J`);
    drawn = 0;
  };
  const draw = (): void => {
    if (away > 0) return;
    const lines = ['', ...stateTable(terminal, states)];
    terminal.write(lines.map((line) => `${line}\n`).join(''));
    drawn = lines.length;
  };
  const around = (print: () => void): void => {
    erase();
    print();
    draw();
  };
  const timer = setInterval(() => around(() => undefined), redrawEveryMs);
  return {
    say: (line) => around(() => plain.say(line)),
    show: (all, changed) => {
      states = all;
      around(() => plain.show(all, changed));
    },
    aside: async (use) => {
      erase();
      away += 1;
      try {
        return await use();
      } finally {
        away -= 1;
        draw();
      }
    },
    close: () => {
      clearInterval(timer);
      erase();
      away += 1;
    },
  };
}

/** The table of `local status` and of the live screen; lines are cut to the terminal's width, for a wrapped one cannot be redrawn. */
export function stateTable(terminal: Terminal, states: readonly ComponentState[], now = Date.now()): string[] {
  const rows = states.map(({ name, phase, port, pid, since, restarts, detail }) => [
    name,
    phase,
    duration(now - since),
    `127.0.0.1:${port}`,
    pid === undefined ? '-' : String(pid),
    String(restarts),
    detail,
  ]);
  const [header = '', ...lines] = alignColumns([['NAME', 'STATE', 'SINCE', 'ADDRESS', 'PID', 'RESTARTS', ''], ...rows]);
  const cut = (line: string): string => (terminal.live ? line.slice(0, terminal.columns() - 1) : line);
  return [
    terminal.paint('bold', cut(header)),
    ...lines.map((line, index) => paintPhase(terminal, cut(line), states[index]?.phase ?? 'stopped')),
  ];
}

function eventLine(terminal: Terminal, { name, phase, detail, pid }: ComponentState): string {
  const process = phase === 'ready' && pid !== undefined ? `pid ${pid}` : '';
  const line = [name.padEnd(18), phase.padEnd(9), detail || process].join('  ').trimEnd();
  return paintPhase(terminal, line, phase);
}

const paintPhase = (terminal: Terminal, line: string, phase: Phase): string =>
  line.replace(`  ${phase}`, `  ${terminal.paint(colours[phase], phase)}`);

const clock = (): string => new Date().toTimeString().slice(0, 8);
