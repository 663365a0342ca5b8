import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MalformedAnswerError } from './answer.head.ts';
import { AnswerReader } from './answer.reader.ts';

interface Read {
  status: number | undefined;
  headers: string[];
  body: string;
  isWhole: boolean;
  isKept: boolean | undefined;
}

/** What is read of an answer that comes in these pieces and then ends with its connection. */
function read(pieces: string[], method = 'GET'): Read {
  let [body, ends] = ['', 0];
  const reader = new AnswerReader(method, {
    onHead: () => undefined,
    onData: (bytes) => {
      body += bytes.toString('latin1');
      return true;
    },
    onEnd: () => (ends += 1),
  });
  for (const piece of pieces) reader.read(Buffer.from(piece, 'latin1'));
  const isWhole = reader.close();
  assert.equal(ends, isWhole ? 1 : 0, 'an answer ends once');
  const { status, headers = [], isKept } = reader.head ?? {};
  return { status, headers, body, isWhole, isKept };
}

const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

const answers: Array<[text: string, body: string, isKept: boolean]> = [
  ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b c \r\n\r\nhello', 'hello', true],
  ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', '', true],
  ['HTTP/1.1 204 No Content\r\n\r\n', '', true],
  ['HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n', '', true],
  ['HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx', 'x', true],
  ['HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx', 'x', true],
  ['HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx', 'x', false],
  ['HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx', 'x', false],
  ['HTTP/1.1 200 OK\r\n\r\nuntil the end', 'until the end', false],
  [`${chunked}5\r\nhello\r\n0\r\n\r\n`, 'hello', true],
  [`${chunked}1;a=b\r\nh\r\n00004\r\nello\r\n0\r\nX-Trailer: 1\r\n\r\n`, 'hello', true],
  [`${chunked}0\r\n\r\n`, '', true],
];

test('answers are read the same, in whatever pieces they come', () => {
  for (const [text, body, isKept] of answers) {
    const whole = read([text]);
    assert.deepEqual([whole.body, whole.isWhole, whole.isKept], [body, true, isKept], text);
    assert.deepEqual(read(Array.from(text)), whole, text);
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        assert.deepEqual(read(at.slice(1).map((end, index) => text.slice(at[index], end))), whole);
      }),
    );
  }
});

test('of a value nothing but spaces and tabs around it is taken away', () => {
  // The last byte of \u00e0 in UTF-8 is a space in latin1, but no space.
  const { headers } = read(['HTTP/1.1 200 OK\r\nX-A:\t \xc3\xa0\t \r\nX-B:\r\nX-C: b\tc\r\nContent-Length: 0\r\n\r\n']);
  assert.deepEqual(headers, ['X-A', '\xc3\xa0', 'X-B', '', 'X-C', 'b\tc', 'Content-Length', '0']);
});

test('the answer to HEAD has no body, whatever its length says', () => {
  const { isWhole, isKept } = read(['HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n'], 'HEAD');
  assert.deepEqual([isWhole, isKept], [true, true]);
});

test('an answer that breaks off is not whole', () => {
  for (const [text] of answers.filter(([, , isKept]) => isKept)) {
    for (let end = 0; end < text.length; end += 1) {
      assert.equal(read([text.slice(0, end)]).isWhole, false, JSON.stringify(text.slice(0, end)));
    }
  }
});

/** What two readers could understand differently, and what is no answer at all. */
const malformed = [
  'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx',
  'HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\nx',
  'HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx',
  'HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\nx',
  'HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nX: a\r\n folded\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nX: a\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\n: x\r\n\r\n',
  'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n',
  'HTTP/2 200 OK\r\n\r\n',
  'HTTP/1.1 099 Low\r\n\r\n',
  'HTTP/1.1 600 High\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n',
  ' HTTP/1.1 200 OK\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxy',
  'HTTP/1.1 204 No Content\r\n\r\nx',
  `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
  `${chunked}\r\n`,
  `${chunked}x\r\n\r\n`,
  `${chunked}-1\r\n\r\n`,
  `${chunked}1 1\r\nx\r\n0\r\n\r\n`,
  `${chunked}1\r\nxy\r\n0\r\n\r\n`,
  `${chunked}1\nx\n0\n\n${' '.repeat(2000)}`,
  `${chunked}fffffffffffffff\r\n`,
  `${chunked}1;${'x'.repeat(2000)}\r\n`,
  `${chunked}0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n`,
];

for (const text of malformed) {
  test(`refused: ${JSON.stringify(text.slice(0, 90))}`, () => {
    assert.throws(() => read([text]), MalformedAnswerError);
  });
}
