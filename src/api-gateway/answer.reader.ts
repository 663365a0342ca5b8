import { IN_CHUNKS, MalformedAnswerError, UNTIL_CLOSE, readHead } from './answer.head.ts';
import type { AnswerHead } from './answer.head.ts';

/** What is told of an answer, in this sequence: head, data as it comes, end. */
export interface AnswerListener {
  onHead: (head: AnswerHead) => void;
  /** The bytes are valid during the call only. Returns whether more is welcome. */
  onData: (bytes: Buffer) => boolean;
  onEnd: () => void;
}

/** Heads and trailers larger than this are refused. */
const HEAD_MAX_BYTES = 16_384;

/** Up to 2^52 bytes, then what a sender may say of its chunk. */
const CHUNK_LINE = /^([0-9A-Fa-f]{1,13})[ \t]*(?:;[^\r\n\0]*)?$/;
const CHUNK_LINE_MAX_BYTES = 1024;

type State = 'head' | 'body' | 'chunk size' | 'chunk' | 'chunk end' | 'trailers' | 'ended';

/** Reads one HTTP/1.1 answer from the pieces in which it comes. */
export class AnswerReader {
  head: AnswerHead | undefined;
  readonly #method: string;
  readonly #listener: AnswerListener;
  #state: State = 'head';
  /** What came of a line or head that is not complete yet. */
  #rest: Buffer | undefined;
  /** Of the body or the chunk. */
  #missing = 0;

  constructor(method: string, listener: AnswerListener) {
    this.#method = method;
    this.#listener = listener;
  }

  get hasEnded(): boolean {
    return this.#state === 'ended';
  }

  /**
   * Takes the next piece. @returns whether more is welcome now
   * @throws MalformedAnswerError, also for bytes after the end
   */
  read(piece: Buffer): boolean {
    let data = piece;
    if (this.#rest) {
      data = Buffer.concat([this.#rest, piece]);
      this.#rest = undefined;
    }
    let isWelcome = true;
    for (let at = 0; at < data.length;) {
      if (this.#state === 'body' || this.#state === 'chunk') {
        const end = Math.min(data.length, at + this.#missing);
        if (!this.#listener.onData(data.subarray(at, end))) isWelcome = false;
        this.#missing -= end - at;
        at = end;
        if (this.#missing === 0) this.#endOfData();
      } else {
        const next = this.#readLines(data, at);
        if (next < 0) {
          this.#rest = Buffer.from(data.subarray(at));
          break;
        }
        at = next;
      }
    }
    return isWelcome;
  }

  /** The connection has ended. @returns whether the answer is whole */
  close(): boolean {
    if (this.#state === 'body' && this.head?.length === UNTIL_CLOSE) this.#end();
    return this.hasEnded;
  }

  #endOfData(): void {
    if (this.#state === 'chunk') this.#state = 'chunk end';
    else this.#end();
  }

  #end(): void {
    this.#state = 'ended';
    this.#listener.onEnd();
  }

  /** @returns where it stopped; -1 when the end has not come yet */
  #readLines(data: Buffer, at: number): number {
    switch (this.#state) {
      case 'head':
        return this.#readHead(data, at);
      case 'chunk size':
        return this.#readChunkSize(data, at);
      case 'chunk end':
        return this.#readChunkEnd(data, at);
      case 'trailers':
        return this.#readTrailers(data, at);
      default:
        throw new MalformedAnswerError('bytes came after the end of the answer');
    }
  }

  #readHead(data: Buffer, at: number): number {
    const end = endOf(data, at, '\r\n\r\n', HEAD_MAX_BYTES);
    if (end < 0) return -1;
    const head = readHead(data.toString('latin1', at, end + 4), this.#method);
    if (head.status === 101) throw new MalformedAnswerError('nobody asked for another protocol');
    // An informational answer (RFC 9110, section 15.2) is followed by the final one, and is not passed on.
    if (head.status < 200) return end + 4;
    this.head = head;
    this.#missing = head.length === UNTIL_CLOSE ? Infinity : head.length;
    this.#state = head.length === IN_CHUNKS ? 'chunk size' : 'body';
    this.#listener.onHead(head);
    if (head.length === 0) this.#end();
    return end + 4;
  }

  #readChunkSize(data: Buffer, at: number): number {
    const end = endOf(data, at, '\r\n', CHUNK_LINE_MAX_BYTES);
    if (end < 0) return -1;
    const [, size] = CHUNK_LINE.exec(data.toString('latin1', at, end)) ?? [];
    if (size === undefined) throw new MalformedAnswerError('the size of a chunk is malformed');
    this.#missing = Number.parseInt(size, 16);
    this.#state = this.#missing === 0 ? 'trailers' : 'chunk';
    return end + 2;
  }

  #readChunkEnd(data: Buffer, at: number): number {
    if (data.length < at + 2) return -1;
    if (data.readUInt16BE(at) !== 0x0d0a) throw new MalformedAnswerError('a chunk is longer than it said');
    this.#state = 'chunk size';
    return at + 2;
  }

  /** They are not passed on. */
  #readTrailers(data: Buffer, at: number): number {
    const end = endOf(data, at, '\r\n', HEAD_MAX_BYTES);
    if (end < 0) return -1;
    if (end === at) this.#end();
    return end + 2;
  }
}

function endOf(data: Buffer, at: number, mark: string, maxBytes: number): number {
  const end = data.indexOf(mark, at, 'latin1');
  if ((end < 0 ? data.length : end) - at > maxBytes) throw new MalformedAnswerError('a part of the answer is too long');
  return end;
}
