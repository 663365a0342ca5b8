import type { Channel, ConsumeMessage } from 'amqplib';

/*
 * AMQP 0-9-1 as far as a consumer needs it (https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf, sections 2.3.5 and 4.2): a
 * delivery is a frame for the method, one for the properties, and as many as it takes for the body. amqplib makes some thirty
 * objects of a small message, which costs more than all else that is done for it.
 */

const FRAME = { method: 1, properties: 2, body: 3, end: 0xce } as const;

/** Type, channel and size stand before what a frame holds, one octet behind it. */
const HEAD_BYTES = 7;
const TAIL_BYTES = 1;

/** Class 60, method 60. */
const BASIC_DELIVER = 0x003c_003c;

/** Which properties there are, one bit each. They follow in this sequence; those without a name here are short strings. */
const HAS = {
  first: 0x8000,
  headers: 0x2000,
  deliveryMode: 0x1000,
  priority: 0x0800,
  messageId: 0x0080,
  timestamp: 0x0040,
} as const;

/** A message as it was delivered. What few need of it is decoded when it is asked for, each time. */
export interface Delivery {
  readonly messageId: string | undefined;
  /** In seconds, as the sender set it. */
  readonly timestamp: number | undefined;
  readonly content: Buffer;
  /** All of it, with properties and headers, as amqplib has it. */
  readonly message: ConsumeMessage;
}

/** A connection, as amqplib's types do not show it: what was received and not read yet, and what takes the next frame from it. */
interface Receiver {
  rest: Buffer;
  recvFrame: RecvFrame;
}

type RecvFrame = (this: Pick<Receiver, 'rest'>) => unknown;

/**
 * Consumes a queue, as the only consumer of its connection. A delivery that is all there, in three frames, is read past amqplib;
 * one that is not goes through it. `null` says that the broker has ended the consumption.
 */
export async function consumeDeliveries(
  channel: Channel,
  queue: string,
  onDelivery: (delivery: Delivery | null) => void,
): Promise<void> {
  const { connection: receiver, ch } = channel as unknown as { connection: Receiver; ch: number };
  const { recvFrame } = receiver;
  // amqplib calls it until there is no whole frame left, and it calls itself when more was received.
  receiver.recvFrame = () => {
    const bytes = receiver.rest;
    let at = 0;
    for (let next = read(bytes, at, ch, recvFrame); next; next = read(bytes, at, ch, recvFrame)) {
      at = next.end;
      onDelivery(next);
    }
    receiver.rest = bytes.subarray(at);
    return recvFrame.call(receiver);
  };
  await channel.consume(queue, (message) => onDelivery(message && asDelivery(message)));
}

function asDelivery(message: ConsumeMessage): Delivery {
  const { messageId, timestamp } = message.properties as { messageId?: string; timestamp?: number };
  return { messageId, timestamp, content: message.content, message };
}

/** The delivery that begins at an offset, if all of it is there. */
function read(bytes: Buffer, start: number, channel: number, recvFrame: RecvFrame): Frames | undefined {
  const properties = endOfFrame(bytes, start, FRAME.method, channel);
  if (!properties || bytes.readUInt32BE(start + HEAD_BYTES) !== BASIC_DELIVER) return undefined;
  const body = endOfFrame(bytes, properties, FRAME.properties, channel);
  const end = body && endOfFrame(bytes, body, FRAME.body, channel);
  if (!end || uint64(bytes, properties + HEAD_BYTES + 4) !== end - body - HEAD_BYTES - TAIL_BYTES) return undefined;
  return new Frames(bytes, start, properties, body, end, recvFrame);
}

/** A delivery that stays in the bytes in which it was received. */
class Frames implements Delivery {
  readonly messageId: string | undefined;
  readonly timestamp: number | undefined;
  readonly end: number;
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #body: number;
  readonly #recvFrame: RecvFrame;

  constructor(bytes: Buffer, start: number, properties: number, body: number, end: number, recvFrame: RecvFrame) {
    this.#bytes = bytes;
    this.#start = start;
    this.#body = body;
    this.end = end;
    this.#recvFrame = recvFrame;
    // Behind class, weight, the size of the body, and the bits themselves.
    let at = properties + HEAD_BYTES + 14;
    const has = bytes.readUInt16BE(at - 2);
    for (let bit: number = HAS.first; bit > HAS.messageId; bit >>= 1) if (has & bit) at += sizeOf(bit, bytes, at);
    if (has & HAS.messageId) {
      const idEnd = at + 1 + bytes.readUInt8(at);
      this.messageId = bytes.toString('utf8', at + 1, idEnd);
      at = idEnd;
    }
    if (has & HAS.timestamp) this.timestamp = uint64(bytes, at);
  }

  get content(): Buffer {
    return this.#bytes.subarray(this.#body + HEAD_BYTES, this.end - TAIL_BYTES);
  }

  get message(): ConsumeMessage {
    const source = { rest: this.#bytes.subarray(this.#start, this.end) };
    const [method, properties, body] = [1, 2, 3].map(() => this.#recvFrame.call(source)) as [
      Pick<ConsumeMessage, 'fields'>,
      { fields: ConsumeMessage['properties'] },
      Pick<ConsumeMessage, 'content'>,
    ];
    return { fields: method.fields, properties: properties.fields, content: body.content };
  }
}

/** Where the frame ends that begins at an offset; 0 where it is another one, or not all there. */
function endOfFrame(bytes: Buffer, start: number, type: number, channel: number): number {
  if (start + HEAD_BYTES > bytes.length || bytes[start] !== type || bytes.readUInt16BE(start + 1) !== channel) return 0;
  const end = start + HEAD_BYTES + bytes.readUInt32BE(start + 3) + TAIL_BYTES;
  return end <= bytes.length && bytes[end - 1] === FRAME.end ? end : 0;
}

/** How many bytes a property takes. */
function sizeOf(bit: number, bytes: Buffer, at: number): number {
  if (bit === HAS.headers) return 4 + bytes.readUInt32BE(at);
  return bit === HAS.deliveryMode || bit === HAS.priority ? 1 : 1 + bytes.readUInt8(at);
}

function uint64(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
