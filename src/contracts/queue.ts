/** Where the gateway publishes orders and billing-app consumes them. */
export const ORDER_QUEUE = 'billing_queue';

/** Where messages end that can never be stored. */
export const DEAD_LETTER_QUEUE = 'billing_queue.dead';

/** The most messages and bytes that may wait; beyond either the broker refuses (`basic.nack`) instead of dropping. */
const MAX_LENGTH = 1_200_000;
const MAX_LENGTH_BYTES = 1_073_741_824;

/**
 * How often a message may be delivered again before the broker itself moves it to the dead letters. High, since each
 * crash of the consumer costs every unacknowledged message one; RabbitMQ 4 would move them after 20.
 */
const DELIVERY_LIMIT = 1000;

/** Whoever looks at a dead letter and puts it back delivers it once more; RabbitMQ 4 would drop it after 20 looks. */
const READ_LIMIT = 1_000_000_000;

/**
 * Queue arguments by queue name. The broker refuses a declaration with others (406), so both services declare from here.
 * At-least-once dead-lettering needs `reject-publish` (https://www.rabbitmq.com/docs/quorum-queues#activating-at-least-once-dead-lettering).
 */
export const queueArguments = {
  [ORDER_QUEUE]: {
    'x-queue-type': 'quorum',
    'x-delivery-limit': DELIVERY_LIMIT,
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': DEAD_LETTER_QUEUE,
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
    'x-max-length': MAX_LENGTH,
    'x-max-length-bytes': MAX_LENGTH_BYTES,
  },
  [DEAD_LETTER_QUEUE]: { 'x-queue-type': 'quorum', 'x-delivery-limit': READ_LIMIT },
} as const;

/** Message headers (AMQP `headers` table). */
export const headers = {
  /** W3C trace context. */
  traceParent: 'traceparent',
  traceState: 'tracestate',
  /** The HTTP request that carried the order. */
  requestId: 'x-request-id',
  /** On a dead letter: why it can never be stored. */
  reason: 'x-reason',
} as const;
