import type { Kubectl } from '../cluster/kubectl.ts';
import type { Session } from '../cluster/session.ts';
import type { RemoteControl } from '../local/control.ts';
import type { ComponentName } from '../local/ports.plan.ts';
import type { Broker } from './broker.ts';

export type Database = 'inventory' | 'billing';

/** The running system as `verify`, `drill` and `load` see it: from outside, and the same whether processes or pods. */
interface System extends AsyncDisposable {
  /** For people: where it runs. */
  name: string;
  /** Where clients reach the gateway: on every node. At least one. */
  gateways: readonly [string, ...string[]];
  /**
   * Runs one SELECT, or an INSERT, UPDATE or DELETE with RETURNING, as the owner of the database. A statement of PostgreSQL's
   * that gives no rows, such as LOCK, is for `execute`.
   * @returns the rows as JSON has them; what a double cannot hold is cast to text by the statement
   */
  query<Row>(database: Database, sql: string): Promise<Row[]>;
  /** Runs statements one after the other on one connection, as the owner of the database. */
  execute(database: Database, sql: string): Promise<void>;
  broker: Broker;
  /** Stops a component in order and returns when it is gone; it stays stopped. */
  stop(name: ComponentName): Promise<void>;
  /** Starts it again and returns when it is ready; nothing to do when it is. */
  start(name: ComponentName): Promise<void>;
}

export interface LocalSystem extends System {
  kind: 'local';
  control: RemoteControl;
  /** The folder with its data, logs and passwords. */
  dir: string;
}

export interface ClusterSystem extends System {
  kind: 'cluster';
  session: Session;
  kubectl: Kubectl;
}

export type Target = LocalSystem | ClusterSystem;

/** A statement whose answer is one JSON text, whatever columns it has. */
export function jsonStatement(sql: string): string {
  return `WITH answer AS (${sql}) SELECT coalesce(json_agg(answer), '[]') AS json FROM answer`;
}
