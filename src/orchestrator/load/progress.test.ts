import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { test } from 'node:test';
import type { Terminal } from '../terminal.ts';
import type { Glance } from './measure.ts';
import { openProgress, sparkline } from './progress.ts';

function terminal(live: boolean, columns = 100): Terminal & { text: () => string } {
  let text = '';
  return {
    live,
    columns: () => columns,
    paint: (_style, painted) => painted,
    write: (part) => void (text += part),
    text: () => text,
  };
}

const latency = { p50: 4.2, p95: 25, p99: 250, max: 1212 };
const counts = { due: 200, errors: 1, dropped: 3 };
const glance: Glance = {
  all: { name: 'all', ...counts },
  latency,
  answers: { '200': 1230, '503 queue_full': 1 },
  second: { second: 7, ...counts, good: 196, latencyMs: latency },
};
const sample = {
  seconds: 7,
  pods: [{ name: 'api-gateway', ready: 2, wanted: 3, min: 1, cpuPercent: 170, targetPercent: 60 }],
  usage: [],
};

/** What stands on a screen after these movements: `ESC[nA` goes up, `ESC[J` clears from there on. */
function screenOf(written: string): string[] {
  const lines: string[] = [];
  const print = (text: string): unknown => lines.push(...text.split('\n').slice(0, -1));
  const [first = '', ...moves] = written.split('\u001B[');
  print(first);
  for (const move of moves) {
    if (move.endsWith('A')) lines.splice(lines.length - Number.parseInt(move, 10));
    else print(move.slice(1));
  }
  return lines;
}

test('on a terminal there is one picture, with what was said above it', () => {
  const live = terminal(true);
  const progress = openProgress(live);
  progress.show('1 s  200/s', glance, sample);
  progress.say('something happened');
  progress.show('2 s  200/s', glance, sample);
  const lines = screenOf(live.text());
  assert.deepEqual(lines.slice(0, 2), ['something happened', '2 s  200/s']);
  assert.match(lines[2]!, /answered {6}196\/s {2}██ +1 error, 3 dropped/);
  assert.match(lines.join('\n'), /503 queue_full: 1[^]*api-gateway 2 of 3 ready, CPU 170 % \(target 60 %\)/);
  assert.equal(lines.length, 7);
  progress.close();
  assert.deepEqual(screenOf(live.text()), ['something happened']);
  progress.say('the end');
  assert.deepEqual(screenOf(live.text()), ['something happened', 'the end']);
});

test('no line is wider than the terminal', () => {
  const narrow = terminal(true, 40);
  const progress = openProgress(narrow);
  for (let second = 0; second < 90; second += 1)
    progress.show('a part with a rather long name, to be cut', glance, sample);
  for (const line of stripVTControlCharacters(narrow.text()).split('\n')) assert.ok(line.length < 40, line);
});

test('elsewhere there is one line at a time, without control characters, and not every second', () => {
  const plain = terminal(false);
  const progress = openProgress(plain);
  for (let second = 0; second < 3; second += 1) progress.show(`${second} s  200/s`, glance, sample);
  progress.say('said');
  assert.equal(
    plain.text(),
    '0 s  200/s; 196/s answered well, 1 error, 3 dropped; p50 4.2 ms, p95 25 ms, p99 250 ms, longest 1,212 ms; ' +
      'api-gateway 2 of 3 ready, CPU 170 % (target 60 %)\nsaid\n',
  );
});

test('a sparkline goes from 0 to the highest value', () => {
  assert.equal(sparkline([0, 1, 2, 4, 8], 5), '▁▂▃▅█');
  assert.equal(sparkline([0, 0], 4), '▁▁  ');
  assert.equal(sparkline([], 3), '   ');
  assert.equal(sparkline([9, 9, 1], 2), '█▁');
});
