/** Random bytes of a UUID v7 and of a digest-based UUID v8 both fill 16 bytes (RFC 9562, sections 5.7 and 5.8). */
const UUID_BYTES = 16;

/** Of the 48 bits of time that a UUID v7 begins with, in hexadecimal. */
const TIME_DIGITS = 12;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** A UUID v7: 48 bits of milliseconds, then random bits. Sorts by time of creation. */
export function uuidV7(nowMs: number, random: Buffer): string {
  const time = nowMs.toString(16).padStart(TIME_DIGITS, '0');
  return format(time + random.toString('hex', TIME_DIGITS / 2, UUID_BYTES), 7);
}

/** A UUID v8 made of the first 122 free bits of a digest: the same digest gives the same id on every replica. */
export function uuidV8(digest: Buffer): string {
  return format(digest.toString('hex', 0, UUID_BYTES), 8);
}

/** The two highest bits of this digit say which kind of UUID it is. */
const variant = (digit: string): string => ((Number.parseInt(digit, 16) & 0b0011) | 0b1000).toString(16);

function format(hex: string, version: number): string {
  const [low, mid, high] = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(13, 16)];
  return `${low}-${mid}-${version}${high}-${variant(hex.charAt(16))}${hex.slice(17, 20)}-${hex.slice(20)}`;
}
