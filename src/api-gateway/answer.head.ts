/** The head of an answer as it came over the wire. */
export interface AnswerHead {
  status: number;
  /** Names and values in turn, as they were written. */
  headers: string[];
  /** How long the body is; -1 when it comes in chunks, -2 when it ends with the connection. */
  length: number;
  /** Whether another request may follow on this connection. */
  isKept: boolean;
}

export const IN_CHUNKS = -1;
export const UNTIL_CLOSE = -2;

/** The bytes are no HTTP/1.1 answer, or one that two readers could understand differently. */
export class MalformedAnswerError extends Error {
  override readonly name = 'MalformedAnswerError';
}

const STATUS_LINE = /HTTP\/1\.([01]) ([1-5][0-9]{2})(?: [^\r\n\0]*)?\r\n/y;

/**
 * Lines of a name (RFC 9110, section 5.6.2), a colon, and a value without control characters but tab. No folded lines, no space
 * before the colon.
 */
// oxlint-disable-next-line no-control-regex
const HEADER_LINES = /(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\x00-\x08\x0a-\x1f\x7f]*\r\n)*\r\n/y;

const LENGTH = /^[0-9]{1,15}$/;

/** Statuses without a body (RFC 9110, section 6.4.1), whatever their headers say. */
const isBodiless = (status: number): boolean => status < 200 || status === 204 || status === 304;

/**
 * Reads a head, given with the empty line at its end. Strict where leniency is how one answer becomes two (RFC 9112, section 6.3).
 * @throws MalformedAnswerError
 */
export function readHead(text: string, method: string): AnswerHead {
  STATUS_LINE.lastIndex = 0;
  const [, minor, code] = STATUS_LINE.exec(text) ?? malformed('a status line');
  const status = Number(code);
  HEADER_LINES.lastIndex = STATUS_LINE.lastIndex;
  if (!HEADER_LINES.test(text) || HEADER_LINES.lastIndex < text.length) malformed('a header');
  const headers: string[] = [];
  let length: string | undefined;
  let coding: string | undefined;
  let connection = '';
  for (let from = STATUS_LINE.lastIndex, to: number; from < text.length - 2; from = to + 2) {
    to = text.indexOf('\r\n', from);
    const colon = text.indexOf(':', from);
    const name = text.slice(from, colon);
    const value = unpadded(text, colon + 1, to);
    headers.push(name, value);
    switch (name.toLowerCase()) {
      case 'content-length':
        if (length !== undefined || !LENGTH.test(value)) malformed('Content-Length');
        length = value;
        break;
      case 'transfer-encoding':
        if (coding !== undefined || value.toLowerCase() !== 'chunked') malformed('Transfer-Encoding');
        coding = value;
        break;
      case 'connection':
        connection += `,${value.toLowerCase()}`;
        break;
      default:
    }
  }
  if (length !== undefined && coding !== undefined) malformed('the length');
  const isKept = minor === '1' ? !connection.includes('close') : connection.includes('keep-alive');
  if (method === 'HEAD' || isBodiless(status)) return { status, headers, length: 0, isKept };
  if (coding !== undefined) return { status, headers, length: IN_CHUNKS, isKept };
  if (length !== undefined) return { status, headers, length: Number(length), isKept };
  return { status, headers, length: UNTIL_CLOSE, isKept: false };
}

const isPadding = (code: number): boolean => code === 0x20 || code === 0x09;

/** Without spaces and tabs around it. `trim` would take more: what is a part of a character in UTF-8 can look like a space in latin1. */
function unpadded(text: string, from: number, to: number): string {
  let [start, end] = [from, to];
  while (start < end && isPadding(text.charCodeAt(start))) start += 1;
  while (end > start && isPadding(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function malformed(what: string): never {
  throw new MalformedAnswerError(`${what} of the answer is malformed`);
}
