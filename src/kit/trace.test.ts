import assert from 'node:assert/strict';
import { test } from 'node:test';
import { continueTrace, traceIdOf } from './trace.ts';

const incoming = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

test('a trace goes on under the same id with this hop as parent', () => {
  const trace = continueTrace(incoming, 'vendor=1');
  assert.equal(trace.traceId, '4bf92f3577b34da6a3ce929d0e0e4736');
  assert.match(trace.traceparent, /^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/);
  assert.notEqual(trace.traceparent, incoming);
  assert.equal(trace.tracestate, 'vendor=1');
});

test('the id of a trace is read only where it is well-formed', () => {
  assert.equal(traceIdOf(incoming), '4bf92f3577b34da6a3ce929d0e0e4736');
  for (const malformed of [undefined, 7, '', `${incoming}x`]) assert.equal(traceIdOf(malformed), undefined);
});

test('a malformed trace is replaced, and its state dropped with it', () => {
  const malformed = [
    undefined,
    '',
    'x',
    incoming.toUpperCase(),
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    ['a'],
    `${incoming}x`,
  ];
  for (const traceparent of malformed) {
    const trace = continueTrace(traceparent, 'vendor=1');
    assert.match(trace.traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    assert.equal(trace.tracestate, undefined);
  }
  assert.notEqual(continueTrace('x', undefined).traceId, continueTrace('x', undefined).traceId);
});

test('a state that could split a header or is too long is not passed on', () => {
  for (const state of ['a=1\r\nx: y', 'é', 'x'.repeat(513), '']) {
    assert.equal(continueTrace(incoming, state).tracestate, undefined);
  }
});
