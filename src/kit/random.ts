import { randomFillSync } from 'node:crypto';

/** Asking the system for so much at a time costs hardly more than asking for 16 bytes. */
const POOL_BYTES = 8192;

const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/** Unpredictable bytes, given out once: valid until the next call, so copy what is kept. At most 8192. */
export function randomBytes(count: number): Buffer {
  if (used + count > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  used += count;
  return pool.subarray(used - count, used);
}
