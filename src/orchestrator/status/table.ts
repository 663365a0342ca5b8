import type { Finding } from '../findings.ts';
import { alignColumns, duration } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { kubeconfigFile } from '../cluster/record.ts';
import type { ClusterStatus } from './status.ts';

type Screen = Pick<Terminal, 'paint'>;
type Row = readonly [cells: readonly string[], well: boolean];

/** What `status` prints for people. */
export function statusTable(status: ClusterStatus, screen: Screen, nowMs: number): string[] {
  const age = (seconds: number): string => duration(seconds * 1000);
  const sections = [
    section(
      screen,
      ['MACHINE', 'ROLE', 'STATE', 'ADDRESS'],
      status.machines.map(({ name, role, state, address }) => [
        [name, role, state, address ?? '-'],
        state === 'running',
      ]),
    ),
    section(
      screen,
      ['NODE', 'STATE', 'VERSION', 'ADDRESS', 'AGE'],
      status.nodes.map(({ name, ready, schedulable, version, address, ageSeconds }) => [
        [name, `${ready ? 'Ready' : 'NotReady'}${schedulable ? '' : ', cordoned'}`, version, address, age(ageSeconds)],
        ready && schedulable,
      ]),
    ),
    section(
      screen,
      ['POD', 'READY', 'STATE', 'RESTARTS', 'AGE', 'NODE'],
      status.pods.map(({ name, ready, state, restarts, ageSeconds, node }) => [
        [name, ready ? 'yes' : 'no', state, String(restarts), age(ageSeconds), node === '' ? '-' : node],
        ready,
      ]),
    ),
    section(
      screen,
      ['AUTOSCALER', 'REPLICAS', 'MIN', 'MAX', 'CPU', 'TARGET'],
      status.autoscalers.map(({ name, replicas, min, max, cpuPercent, targetPercent }) => [
        [name, String(replicas), String(min), String(max), percent(cpuPercent), percent(targetPercent)],
        cpuPercent !== null,
      ]),
    ),
    section(
      screen,
      ['VOLUME', 'STATE', 'SIZE', 'NODE'],
      status.volumes.map(({ claim, phase, size, node }) => [
        [claim, phase, size || '-', node || '-'],
        phase === 'Bound',
      ]),
    ),
    section(
      screen,
      ['QUEUE', 'MESSAGES', 'CONSUMERS'],
      (status.queues ?? []).map(({ name, messages, consumers }) => [[name, String(messages), String(consumers)], true]),
    ),
    section(
      screen,
      ['GATEWAY', 'NODE', ''],
      status.gateway.map(({ address, node, answers, detail }) => [
        [address, node, answers ? 'answers' : detail],
        answers,
      ]),
    ),
    section(
      screen,
      ['LAST WARNINGS', '', '', ''],
      status.events.map(({ time, object, reason, message, count }) => [
        [
          `${age((nowMs - Date.parse(time)) / 1000)} ago`,
          object,
          reason,
          `${firstLine(message)}${count > 1 ? ` (${count} times)` : ''}`,
        ],
        true,
      ]),
    ),
    findingLines(status.findings, screen),
    status.findings.some(({ cure }) => /^kubectl/m.test(cure ?? ''))
      ? [screen.paint('gray', `# kubectl finds this cluster after: export KUBECONFIG=${kubeconfigFile}`)]
      : [],
  ];
  return sections.filter((lines) => lines.length > 0).flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));
}

function section(screen: Screen, header: readonly string[], rows: readonly Row[]): string[] {
  if (rows.length === 0) return [];
  const [head = '', ...lines] = alignColumns([header, ...rows.map(([cells]) => cells)]);
  return [
    screen.paint('bold', head),
    ...lines.map((line, index) => (rows[index]?.[1] ? line : screen.paint('red', line))),
  ];
}

const percent = (value: number | null): string => (value === null ? 'unknown' : `${value} %`);

/** An event may hold a whole page; its place is a line. */
const firstLine = (text: string): string => {
  const line = text.split('\n')[0] ?? '';
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
};

const colours = { error: 'red', warning: 'yellow', ok: 'green' } as const satisfies Record<Finding['level'], string>;

/** Findings for people: what, the cluster's own words, the cure. */
export function findingLines(findings: readonly (Finding & { evidence?: string })[], screen: Screen): string[] {
  return findings.flatMap(({ level, subject, message, cure, evidence }) => [
    `${screen.paint(colours[level], `${level}:`)} ${screen.paint('bold', subject)}: ${message}`,
    ...indented(evidence).map((line) => screen.paint('gray', `    | ${line}`)),
    ...indented(cure).map((line) => `    ${line}`),
  ]);
}

const indented = (text = ''): string[] => (text.trim() === '' ? [] : text.trim().split('\n'));
