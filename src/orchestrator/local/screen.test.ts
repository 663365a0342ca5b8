import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Terminal } from '../terminal.ts';
import { duration } from '../terminal.ts';
import { openScreen, stateTable } from './screen.ts';
import type { ComponentState } from './supervisor.ts';

const gateway: ComponentState = {
  name: 'api-gateway',
  port: 30_000,
  phase: 'ready',
  detail: '',
  pid: 12,
  since: 1_000,
  restarts: 0,
  logFile: '',
};
const broker: ComponentState = {
  ...gateway,
  name: 'rabbitmq',
  phase: 'crashed',
  pid: undefined,
  detail: 'ended by SIGKILL',
  restarts: 2,
};

function recorder(live: boolean, columns = 80): Terminal & { written: string } {
  const terminal = {
    live,
    written: '',
    columns: () => columns,
    paint: (_: unknown, text: string) => text,
    write: (text: string) => void (terminal.written += text),
  };
  return terminal;
}

test('the table has a line for each component, and is cut on a terminal only', () => {
  const lines = stateTable(recorder(false), [gateway, broker], 61_000);
  assert.deepEqual(lines, [
    'NAME         STATE    SINCE  ADDRESS          PID  RESTARTS',
    'api-gateway  ready    60 s   127.0.0.1:30000  12   0',
    'rabbitmq     crashed  60 s   127.0.0.1:30000  -    2         ended by SIGKILL',
  ]);
  assert.ok(stateTable(recorder(true, 30), [gateway, broker]).every((line) => line.length < 30));
});

test('without a terminal there are plain lines, and no word on the way to readiness', () => {
  const terminal = recorder(false);
  const screen = openScreen(terminal);
  screen.show([gateway], { ...gateway, phase: 'starting' });
  screen.show([gateway], { ...gateway, phase: 'starting', detail: 'does not listen yet' });
  screen.show([gateway], gateway);
  assert.match(
    terminal.written,
    /^\d\d:\d\d:\d\d {2}api-gateway +starting\n\d\d:\d\d:\d\d {2}api-gateway +ready +pid 12\n$/,
  );
});

test('on a terminal the table is taken away before a line is written, and put back below it', () => {
  const terminal = recorder(true);
  const screen = openScreen(terminal);
  screen.show([gateway], gateway);
  terminal.written = '';
  screen.say('hello');
  screen.close();
  const erase = '\u001B[3A\u001B[J';
  assert.ok(terminal.written.startsWith(erase) && terminal.written.endsWith(erase));
  const between = terminal.written.slice(erase.length, -erase.length);
  assert.match(between, /^\d\d:\d\d:\d\d {2}hello\n\nNAME .*\napi-gateway .*\n$/);
});

test('durations are told in the largest unit that says enough', () => {
  assert.deepEqual([0, 119_000, 120_000, 7_300_000].map(duration), ['0 s', '119 s', '2 min', '2 h']);
});
