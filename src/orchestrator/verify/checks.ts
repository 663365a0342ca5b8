import type { Check } from './check.ts';
import { clusterChecks } from './cluster/checks.ts';
import { dataChecks } from './data.checks.ts';
import { databaseChecks } from './database.checks.ts';
import { errorChecks } from './errors.checks.ts';
import { groupOf } from './report.ts';
import { healthChecks } from './health.checks.ts';
import { messageChecks } from './message.checks.ts';
import { movieChecks } from './movies.checks.ts';
import { orderChecks } from './orders.checks.ts';
import { stoppingChecks } from './stopping.checks.ts';

const byFile: readonly Check[] = [
  ...healthChecks,
  ...movieChecks,
  ...orderChecks,
  ...errorChecks,
  ...databaseChecks,
  ...messageChecks,
  ...stoppingChecks,
  ...dataChecks,
  ...clusterChecks,
];

/** Every promise that is looked at, group by group; in each, what stops parts of the system comes last. */
export const allChecks: readonly Check[] = Object.values(Object.groupBy(byFile, ({ id }) => groupOf(id))).flatMap(
  (group = []) => group,
);
