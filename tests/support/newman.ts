import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COLLECTION = fileURLToPath(new URL('../../docs/postman_collection.json', import.meta.url));
const NEWMAN = fileURLToPath(new URL('../../node_modules/newman/bin/newman.js', import.meta.url));

/** All requests and every poll for a stored order together take a few seconds on a quiet machine. */
const RUN_TIMEOUT_MS = 60_000;

/** A request or a folder of requests, as far as it is read here (Postman's collection format, v2.1). */
interface Item {
  name: string;
  item?: Item[];
  event?: Array<{ listen: string; script: { exec: string[] } }>;
}

interface Report {
  run: {
    failures: Array<{ error: { message: string }; source?: { name: string } }>;
    executions: Array<{
      item: { name: string };
      assertions?: Array<{ assertion: string; error?: unknown; skipped?: boolean }>;
    }>;
  };
}

export interface CollectionRun {
  exitCode: number;
  /** Each assertion that ran, as `REQUEST: ASSERTION`. */
  executed: Set<string>;
  failed: Set<string>;
  /** What went wrong, in newman's words: failed assertions, failed scripts and requests without an answer. */
  failures: string[];
}

/** Each assertion that the collection holds, as `REQUEST: ASSERTION`. */
export function declaredAssertions(): string[] {
  const { item } = JSON.parse(readFileSync(COLLECTION, 'utf8')) as { item: Item[] };
  return requestsOf(item).flatMap(({ name, event = [] }) => {
    const source = event.flatMap(({ script }) => script.exec).join('\n');
    return [...source.matchAll(/pm\.test\('([^']+)'/g)].map(([, assertion]) => `${name}: ${assertion}`);
  });
}

function requestsOf(items: Item[]): Item[] {
  return items.flatMap((item) => (item.item ? requestsOf(item.item) : [item]));
}

/** Runs the whole collection with newman, as a user would on a command line. */
export async function runCollection(variables: Record<string, string>): Promise<CollectionRun> {
  const folder = mkdtempSync(join(tmpdir(), 'newman-'));
  try {
    const report = join(folder, 'report.json');
    const settings = Object.entries(variables).flatMap(([name, value]) => ['--env-var', `${name}=${value}`]);
    const args = [NEWMAN, 'run', COLLECTION, ...settings, '--reporters', 'json', '--reporter-json-export', report];
    const exitCode = await run(args);
    return { exitCode, ...summarize(JSON.parse(readFileSync(report, 'utf8')) as Report) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function run(args: string[]): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = execFile(process.execPath, args, { timeout: RUN_TIMEOUT_MS }, (_error, stdout, stderr) => {
    if (child.exitCode !== null) resolve(child.exitCode);
    else reject(new Error(`newman did not end within ${RUN_TIMEOUT_MS} ms:\n${stdout}${stderr}`));
  });
  return promise;
}

function summarize({ run: { executions, failures } }: Report): Omit<CollectionRun, 'exitCode'> {
  const results = executions.flatMap(({ item, assertions = [] }) =>
    assertions
      .filter(({ skipped }) => skipped !== true)
      .map(({ assertion, error }) => ({ name: `${item.name}: ${assertion}`, failed: error !== undefined })),
  );
  return {
    executed: new Set(results.map(({ name }) => name)),
    failed: new Set(results.filter(({ failed }) => failed).map(({ name }) => name)),
    failures: failures.map(({ source, error }) => `${source?.name ?? 'the run'}: ${error.message}`),
  };
}
