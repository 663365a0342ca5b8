import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { findViolations } from './support/layering.ts';

const root = new URL('..', import.meta.url);

function readModules(): Map<string, string> {
  const paths = globSync('src/**/*.ts', { cwd: root });
  return new Map(paths.map((path) => [path, readFileSync(new URL(path, root), 'utf8')]));
}

test('every module of src keeps to the import rules', () => {
  const modules = readModules();
  assert.ok(modules.size >= 100, `only ${modules.size} modules were seen: the search is broken`);
  assert.deepEqual(findViolations(modules), []);
});

/** One broken copy for each rule: a module that must be reported, and the rule that must report it. */
const broken: Array<[path: string, source: string, rule: string]> = [
  ['src/contracts/x.ts', "import { readFile } from 'node:fs/promises';", 'contracts import nothing'],
  ['src/contracts/x.ts', "import { Problem } from '@orchestrator/kit/env.ts';", 'contracts import nothing'],
  ['src/kit/x.ts', "import { movieSchema } from '@orchestrator/contracts/movie.ts';", 'kit knows no domain'],
  ['src/kit/x.ts', "import { a } from '../billing-app/orders.ts';", 'kit knows no domain'],
  ['src/kit/x.ts', "import { a } from '@orchestrator/billing-app/orders.ts';", 'kit knows no domain'],
  ['src/kit/x.ts', "const queue = 'orders';", 'kit has no domain word'],
  ['src/billing-app/x.ts', "import { a } from '@orchestrator/inventory-app/movies.ts';", 'services are strangers'],
  ['src/billing-app/x.ts', "export { a } from '../orchestrator/exec.ts';", 'services are strangers'],
  ['src/orchestrator/x.ts', "import { a } from '@orchestrator/kit/env.ts';", 'the orchestrator acts from outside'],
  ['src/orchestrator/x.ts', "await import('../api-gateway/main.ts');", 'the orchestrator acts from outside'],
  ['src/console/x.ts', "import { a } from '@orchestrator/kit/env.ts';", 'the console sees contracts only'],
  ['src/billing-app/orders.http.ts', "import { a } from './orders.postgres.ts';", 'adapters never meet'],
  ['src/billing-app/orders.ts', "import { a } from './orders.postgres.ts';", 'the domain knows no adapter'],
  ['src/billing-app/orders.ts', "import { Pool } from 'pg';", 'the domain knows no technology'],
  ['src/billing-app/app.ts', "import { config } from './config.ts';", 'only main reads config'],
  ['src/billing-app/orders.ts', 'const port = process.env.PORT;', 'only config and kit/env read the environment'],
  ['src/orchestrator/x.ts', "import { spawn } from 'node:child_process';", 'only exec spawns'],
  ['src/kit/x.ts', "import { spawn } from 'child_process';", 'only exec spawns'],
];

for (const [path, source, rule] of broken) {
  test(`a breach is seen: ${rule} (${source})`, () => {
    const rules = findViolations(new Map([[path, source]])).map((violation) => violation.rule);
    assert.ok(rules.includes(rule), `expected "${rule}", found ${JSON.stringify(rules)}`);
  });
}
