import type { FromSchema } from 'json-schema-to-ts';
import { pageQuerySchema } from './page.ts';

/**
 * An order as a client sends it and as the queue carries it. The gateway checks it before the publish and billing-app
 * again before the insert. Patterns are matched with the `u` flag.
 */
export const newOrderSchema = {
  type: 'object',
  required: ['user_id', 'number_of_items', 'total_amount'],
  properties: {
    user_id: {
      description: 'a text of 1 to 64 characters, or a whole number',
      anyOf: [
        { type: 'string', minLength: 1, maxLength: 64, pattern: '^[^\\u0000\\p{Cs}]*$' },
        { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
      ],
    },
    number_of_items: {
      description: 'a whole number from 1 to 1000000, as a string or a number',
      anyOf: [
        { type: 'string', pattern: '^(?:[1-9][0-9]{0,5}|1000000)$' },
        { type: 'integer', minimum: 1, maximum: 1_000_000 },
      ],
    },
    total_amount: {
      description: 'an amount from 0 to 9999999999.99 with at most two decimal places, as a string or a number',
      anyOf: [
        { type: 'string', pattern: '^[0-9]{1,10}(?:\\.[0-9]{1,2})?$' },
        { type: 'number', minimum: 0, maximum: 9_999_999_999.99, multipleOf: 0.01 },
      ],
    },
  },
  additionalProperties: false,
} as const;

export type NewOrder = FromSchema<typeof newOrderSchema>;

/** The values of an order as text: what is stored, compared and shown. Money never becomes a float. */
export interface OrderValues {
  user_id: string;
  number_of_items: string;
  total_amount: string;
}

/** The text of each value of a checked order; exact, since `parseJson` lets no inexact number through. */
export function orderValues(order: NewOrder): OrderValues {
  return {
    user_id: String(order.user_id),
    number_of_items: String(order.number_of_items),
    total_amount: String(order.total_amount),
  };
}

const trackingId = {
  type: 'string',
  format: 'uuid',
  description: 'identifies the order from the request to the row',
} as const;

/** The answer to an accepted order. */
export const acceptedOrderSchema = {
  type: 'object',
  required: ['message', 'tracking_id'],
  properties: { message: { type: 'string' }, tracking_id: trackingId },
} as const;

/** What is recorded under a tracking id. A rejected order shows the values that could be read from its message. */
export const orderStateSchema = {
  type: 'object',
  required: ['tracking_id', 'state', 'user_id', 'number_of_items', 'total_amount'],
  properties: {
    tracking_id: trackingId,
    state: { type: 'string', enum: ['stored', 'rejected'] },
    user_id: { type: ['string', 'null'] },
    number_of_items: { type: ['string', 'null'] },
    total_amount: { type: ['string', 'null'], description: 'exact decimal' },
    reason: { type: 'string', description: 'why it was rejected' },
  },
} as const;

/** An entry of the list: `id` is what `after` takes. */
export const storedOrderSchema = {
  ...orderStateSchema,
  required: ['id', ...orderStateSchema.required],
  properties: { id: { type: 'integer', minimum: 1 }, ...orderStateSchema.properties },
} as const;

export const orderQuerySchema = pageQuerySchema;
export const ORDER_PAGE_LIMIT_DEFAULT = 20;

export type AcceptedOrder = FromSchema<typeof acceptedOrderSchema>;
export type OrderState = FromSchema<typeof orderStateSchema>;
export type StoredOrder = FromSchema<typeof storedOrderSchema>;

/** The largest request body of the billing API and the largest message that is read as an order, in bytes. */
export const ORDER_BODY_LIMIT_BYTES = 16_384;
