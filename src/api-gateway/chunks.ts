/** As large as what is read from a socket at once. */
const CHUNK_BYTES = 65_536;

/** 4 MB are kept for the next answers; beyond that the garbage collector has them. */
const SPARE_MAX = 64;

/** Smaller pieces come from Node's own pool, or are not worth keeping; larger ones are rare. */
const SMALL_BYTES = 8192;

const spare: Buffer[] = [];

/**
 * A copy of what was read, and what gives its memory back for the next one: without it, fast streams of megabytes pile up
 * faster than the garbage collector comes.
 */
export function copyOf(bytes: Buffer): { copy: Buffer; giveBack: (error?: Error | null) => void } {
  if (bytes.length <= SMALL_BYTES || bytes.length > CHUNK_BYTES)
    return { copy: Buffer.from(bytes), giveBack: () => undefined };
  const whole = spare.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
  bytes.copy(whole);
  return {
    copy: whole.subarray(0, bytes.length),
    giveBack: (error) => {
      // A write that failed may still be looked at.
      if (!error && spare.length < SPARE_MAX) spare.push(whole);
    },
  };
}
