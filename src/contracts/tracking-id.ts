/** Random bytes of a UUID v7 and of a digest-based UUID v8 both fill 16 bytes (RFC 9562, sections 5.7 and 5.8). */
const UUID_BYTES = 16;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** A UUID v7: 48 bits of milliseconds, then random bits. Sorts by time of creation. */
export function uuidV7(nowMs: number, random: Uint8Array): string {
  const bytes = Uint8Array.from(random.subarray(0, UUID_BYTES));
  new DataView(bytes.buffer).setUint16(0, Math.floor(nowMs / 2 ** 32));
  new DataView(bytes.buffer).setUint32(2, nowMs % 2 ** 32);
  return format(bytes, 7);
}

/** A UUID v8 made of the first 122 free bits of a digest: the same digest gives the same id on every replica. */
export function uuidV8(digest: Uint8Array): string {
  return format(Uint8Array.from(digest.subarray(0, UUID_BYTES)), 8);
}

function format(bytes: Uint8Array, version: number): string {
  const view = new DataView(bytes.buffer);
  view.setUint8(6, (view.getUint8(6) & 0x0f) | (version << 4));
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80);
  let hex = '';
  for (const byte of bytes) hex += HEX[byte];
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
