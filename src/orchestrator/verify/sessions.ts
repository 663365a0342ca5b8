import type { Target } from '../target/target.ts';

/** How many sessions of billing-app's database are such; its owner sees and ends its own. */
export const countSessions = (target: Target, where: string): Promise<number> =>
  count(target, `SELECT count(*)::int AS count FROM pg_stat_activity WHERE ${where}`);

/** Ends these sessions, whatever they do. */
export const endSessions = (target: Target, where: string): Promise<number> =>
  count(target, `SELECT count(pg_terminate_backend(pid))::int AS count FROM pg_stat_activity WHERE ${where}`);

async function count(target: Target, sql: string): Promise<number> {
  return (await target.query<{ count: number }>('billing', sql))[0]?.count ?? 0;
}
