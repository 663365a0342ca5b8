import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Where progress goes (stderr), and in what manner. */
export interface Terminal {
  /** A terminal on which lines can be redrawn; not in CI. */
  live: boolean;
  columns(): number;
  paint(style: Style, text: string): string;
  write(text: string): void;
}

/** NO_COLOR and FORCE_COLOR are honoured by styleText itself (https://no-color.org). */
export function openTerminal(stream: NodeJS.WriteStream, { unattended }: { unattended: boolean }): Terminal {
  return {
    live: stream.isTTY && !unattended,
    columns: () => stream.columns ?? 80,
    paint: (style, text) => styleText(style, text, { stream }),
    write: (text) => void stream.write(text),
  };
}

/** Columns as wide as their widest cell, two spaces between them. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** `7 s`, `3 min`, `2 h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

/** Hands on what another program says, a line of it every two seconds: enough to see that it is at work, and with what. */
export function everyTwoSeconds(say: (line: string) => void): (line: string) => void {
  let last = 0;
  return (line) => {
    if (performance.now() - last < 2_000 || line.trim() === '') return;
    last = performance.now();
    say(`  ${line.trim().slice(0, 100)}`);
  };
}
