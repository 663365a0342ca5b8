import { writeFile } from 'node:fs/promises';
import { alignColumns } from '@orchestrator/orchestrator/terminal.ts';
import type { Finding } from './comparison.ts';

/** The table for people. */
export function table(findings: readonly Finding[]): string {
  const rows = findings.map(({ id, against, ratio, floor, ours, theirs, unit, obstacle }) => [
    id,
    against,
    ratio === undefined ? '-' : figure(ratio),
    figure(floor),
    ratio === undefined ? 'not run' : ratio >= floor ? 'reached' : 'below',
    obstacle ?? `${figure(ours ?? 0)} to ${figure(theirs ?? 0)} ${unit}`,
  ]);
  return alignColumns([['comparison', 'against', 'ratio', 'floor', '', 'measured'], ...rows]).join('\n');
}

/** Three digits that matter. */
function figure(value: number): string {
  return value >= 100
    ? Math.round(value).toLocaleString('en-US').replaceAll(',', ' ')
    : String(Number(value.toPrecision(3)));
}

/** For programs: a list of `{id, against, ratio, floor}`; the ratio is null where the comparison could not be run. */
export async function writeFindings(path: string, findings: readonly Finding[]): Promise<void> {
  const list = findings.map(({ id, against, ratio, floor }) => ({
    id,
    against,
    ratio: ratio === undefined ? null : Number(ratio.toPrecision(3)),
    floor,
  }));
  await writeFile(path, `${JSON.stringify(list, undefined, 2)}\n`);
}
