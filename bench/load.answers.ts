/**
 * Reads a stream of HTTP/1.1 answers to GET and POST, as cheaply as it can: `onAnswer` is told the status of each that is complete,
 * and how many bytes its body had. Knows bodies with Content-Length and chunked ones.
 */
export function answerReader(onAnswer: (status: number, bytes: number) => void): (chunk: Buffer) => void {
  let rest: Buffer | undefined;
  let status = 0;
  let bytes = 0;
  /** What of the body, or of the chunk with its line end, is still to come; undefined while a head is awaited. */
  let missing: number | undefined;
  let isChunked = false;

  /** Takes what it can from `at` on and returns where it stopped; -1 when it needs more. */
  function take(data: Buffer, at: number): number {
    if (missing === undefined) return takeHead(data, at);
    if (missing > 0) {
      const taken = Math.min(missing, data.length - at);
      missing -= taken;
      if (missing === 0 && !isChunked) finish();
      return at + taken;
    }
    return takeChunkSize(data, at);
  }

  function takeHead(data: Buffer, at: number): number {
    const end = data.indexOf('\r\n\r\n', at);
    if (end < 0) return -1;
    const head = data.toString('latin1', at, end).toLowerCase();
    status = Number(head.slice(9, 12));
    isChunked = head.includes('\r\ntransfer-encoding: chunked');
    bytes = isChunked ? 0 : Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? 0);
    missing = isChunked ? 0 : bytes;
    if (!isChunked && bytes === 0) finish();
    return end + 4;
  }

  function takeChunkSize(data: Buffer, at: number): number {
    const end = data.indexOf('\r\n', at);
    if (end < 0) return -1;
    const size = Number.parseInt(data.toString('latin1', at, end), 16);
    if (size > 0) {
      bytes += size;
      missing = size + 2;
      return end + 2;
    }
    // No trailers: an empty line ends the body.
    if (data.length < end + 4) return -1;
    finish();
    return end + 4;
  }

  function finish(): void {
    missing = undefined;
    onAnswer(status, bytes);
  }

  return (chunk) => {
    const data = rest ? Buffer.concat([rest, chunk]) : chunk;
    rest = undefined;
    for (let at = 0; at < data.length;) {
      const next = take(data, at);
      if (next < 0) {
        // The caller uses its buffer again.
        rest = Buffer.from(data.subarray(at));
        return;
      }
      at = next;
    }
  };
}
