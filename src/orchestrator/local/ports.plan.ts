import { UsageError } from '../failure.ts';

/** The parts of the system, in the order in which people think of them. */
export const componentNames = [
  'api-gateway',
  'inventory-app',
  'billing-app',
  'rabbitmq',
  'inventory-database',
  'billing-database',
] as const;
export type ComponentName = (typeof componentNames)[number];

/** The gateway's port is the cluster's NodePort. */
export const defaultBasePort = 30_000;

const offsets = {
  'api-gateway': 0,
  'inventory-app': 1,
  'billing-app': 2,
  rabbitmq: 3,
  rabbitmqPage: 4,
  'inventory-database': 5,
  'billing-database': 6,
  gatewayMetrics: 7,
  inventoryMetrics: 8,
  billingMetrics: 9,
  rabbitmqDistribution: 10,
  rabbitmqPortMapper: 11,
} as const satisfies Record<ComponentName, number> & Record<string, number>;

export type PortPlan = Record<keyof typeof offsets, number>;

const highestOffset = Math.max(...Object.values(offsets));

/** Every port of the system: one block, the gateway's first. */
export function portPlan(base: number): PortPlan {
  return Object.fromEntries(Object.entries(offsets).map(([use, offset]) => [use, base + offset])) as PortPlan;
}

/** @throws UsageError */
export function parseBasePort(text: string): number {
  const base = Number(text);
  const highest = 65_535 - highestOffset;
  if (/^\d+$/.test(text) && base >= 1 && base <= highest) return base;
  throw new UsageError(
    `--port takes a number from 1 to ${highest}: the system uses it and the ${highestOffset} after it`,
  );
}
