/** AMQP 0-9-1 on the wire, as far as a publisher with confirms needs it (https://www.rabbitmq.com/amqp-0-9-1-protocol). */

export const PROTOCOL_HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');

const FRAME = { method: 1, header: 2, body: 3 } as const;
const FRAME_END = 0xce;
const BASIC = 60;

export const short = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
export const long = (value: number): Buffer => Buffer.concat([short(value >>> 16), short(value & 0xffff)]);
export const shortString = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
export const longString = (text: string): Buffer => Buffer.concat([long(text.length), Buffer.from(text)]);

function frame(type: number, channel: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type]), short(channel), long(payload.length), payload, Buffer.from([FRAME_END])]);
}

export function methodFrame(channel: number, [group, method]: readonly [number, number], ...args: Buffer[]): Buffer {
  return frame(FRAME.method, channel, Buffer.concat([short(group), short(method), ...args]));
}

/**
 * A persistent message to a queue with the properties that our gateway gives it, as one block of bytes: only the message id,
 * which stands at `idAt`, differs from one to the next.
 */
export function publication(queue: string, body: Buffer): { bytes: Buffer; idAt: number } {
  const headers = Buffer.concat(
    Object.entries({
      traceparent: `00-${'a1'.repeat(16)}-${'b2'.repeat(8)}-01`,
      'x-request-id': '01890a5d-ac96-774b-bcce-b302099a8057',
    }).flatMap(([name, value]) => [shortString(name), Buffer.from('S'), longString(value)]),
  );
  const beforeId = Buffer.concat([
    // content type, headers, delivery mode, correlation id, message id, timestamp, app id
    short(0x8000 | 0x2000 | 0x1000 | 0x0400 | 0x0080 | 0x0040 | 0x0008),
    shortString('application/json'),
    long(headers.length),
    headers,
    Buffer.from([2]),
    shortString('1'),
  ]);
  const id = shortString('0'.repeat(36));
  const afterId = Buffer.concat([long(0), long(Math.floor(Date.now() / 1000)), shortString('api-gateway')]);
  const publish = methodFrame(1, [BASIC, 40], short(0), shortString(''), shortString(queue), Buffer.from([1]));
  const content = Buffer.concat([short(BASIC), short(0), long(0), long(body.length), beforeId, id, afterId]);
  const bytes = Buffer.concat([publish, frame(FRAME.header, 1, content), frame(FRAME.body, 1, body)]);
  return { bytes, idAt: publish.length + 7 + 12 + beforeId.length + 1 };
}

/** Reads method frames from a stream of bytes. */
export function frameReader(onMethod: (method: `${number}.${number}`, args: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let at = 0;
    while (data.length - at >= 8) {
      const end = at + 7 + data.readUInt32BE(at + 3) + 1;
      if (data.length < end) break;
      if (data[at] === FRAME.method) {
        onMethod(`${data.readUInt16BE(at + 7)}.${data.readUInt16BE(at + 9)}`, data.subarray(at + 11, end - 1));
      }
      at = end;
    }
    rest = data.subarray(at);
  };
}
