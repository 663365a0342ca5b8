import { ORDER_QUEUE, headers } from '@orchestrator/contracts/queue.ts';
import type { Message } from './orders.ts';

/*
 * AMQP 0-9-1 as far as publishing an order needs it (https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf, sections 2.3.5 and
 * 4.2): three frames, as text in latin1, a character for each byte. amqplib makes the same bytes of some dozen buffers for each
 * message, which costs as much as all else that is done for an order.
 */

const BASIC = 60;
const PUBLISH = 40;
const MANDATORY = 1;
const PERSISTENT = 2;
const FRAME = { method: 1, header: 2, body: 3 } as const;
const FRAME_END = '\xce';

/** Content type, headers, delivery mode, correlation id, message id, timestamp, application: in this sequence. */
const PROPERTIES = 0b1011_0100_1100_1000;

const byte = String.fromCharCode;
const uint16 = (value: number): string => byte((value >>> 8) & 0xff, value & 0xff);
const uint32 = (value: number): string => uint16(value >>> 16) + uint16(value);
const uint64 = (value: number): string => uint32(Math.floor(value / 2 ** 32)) + uint32(value % 2 ** 32);
/** At most 255 characters. */
const shortString = (text: string): string => byte(text.length) + text;
const longString = (text: string): string => uint32(text.length) + text;
const field = (name: string, value: string): string => `${shortString(name)}S${longString(value)}`;

function frame(type: number, channel: number, payload: string): string {
  return byte(type) + uint16(channel) + uint32(payload.length) + payload + FRAME_END;
}

const contentType = shortString('application/json');
const appId = shortString('api-gateway');

/** How orders are published on a channel: by the default exchange, which always exists, to the queue of this name. */
export function createPublisher(channel: number): (message: Message, number: number) => string {
  const target = shortString('') + shortString(ORDER_QUEUE);
  const publish = frame(FRAME.method, channel, uint16(BASIC) + uint16(PUBLISH) + uint16(0) + target + byte(MANDATORY));
  return (message, number) => {
    const body = utf8(JSON.stringify(message.order));
    const content = uint16(BASIC) + uint16(0) + uint64(body.length) + properties(message, number);
    return publish + frame(FRAME.header, channel, content) + frame(FRAME.body, channel, body);
  };
}

/**
 * What a user wrote is in the body alone: here are only ids that were checked, in ASCII. `number` is sent back with a message that
 * is returned: several may have one message id, where a client repeats its Idempotency-Key.
 */
function properties({ trackingId, requestId, traceparent, tracestate }: Message, number: number): string {
  const table =
    field(headers.traceParent, traceparent) +
    (tracestate ? field(headers.traceState, tracestate) : '') +
    field(headers.requestId, requestId);
  return (
    uint16(PROPERTIES) +
    contentType +
    longString(table) +
    byte(PERSISTENT) +
    shortString(String(number)) +
    shortString(trackingId) +
    uint64(Math.floor(Date.now() / 1000)) +
    appId
  );
}

/** The bytes of a text in UTF-8, one character each. */
function utf8(text: string): string {
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text).toString('latin1');
}
