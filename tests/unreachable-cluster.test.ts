import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { before, test } from 'node:test';
import { exitCodes } from '@orchestrator/orchestrator/failure.ts';
import { findProgram, usualFolders } from '@orchestrator/orchestrator/programs.ts';
import { cloneRepository } from './support/clone.ts';
import type { Clone } from './support/clone.ts';

const folders = [...(process.env['PATH'] ?? '').split(':'), ...usualFolders];
const skip = (await findProgram('kubectl', folders)) === undefined && 'needs kubectl';

let clone: Clone;

before(async (scope) => {
  clone = await cloneRepository(scope);
});

async function run(command: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = clone.start(command);
  const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}

/** A kubeconfig of one context, `there`. */
const kubeconfig = (server: string, current = 'there'): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': current,
    clusters: [{ name: 'there', cluster: { server } }],
    contexts: [{ name: 'there', context: { cluster: 'there', user: 'me' } }],
    users: [{ name: 'me', user: { token: 'none' } }],
  });

const broken: readonly (readonly [what: string, content: string, options: string, cause: RegExp, cure: RegExp])[] = [
  ['a file that is no YAML', '{[', '', /kubeconfig cannot be used/, /kubectl config view/],
  ['an empty file', '', '', /does not name a cluster/, /--context NAME/],
  [
    'a context that is not there',
    kubeconfig('https://127.0.0.1:1'),
    '--context gone',
    /does not name a cluster/,
    /get-contexts/,
  ],
  [
    'a current context that is not there',
    kubeconfig('https://127.0.0.1:1', 'gone'),
    '',
    /does not name a cluster/,
    /get-contexts/,
  ],
  ['a server where nobody listens', kubeconfig('https://127.0.0.1:1'), '', /does not answer/, /kubectl cluster-info/],
  [
    'a server with a name that nobody has',
    kubeconfig('https://no.such.host.invalid:1'),
    '',
    /does not answer/,
    /kubectl cluster-info/,
  ],
];

for (const [index, [what, content, options, cause, cure]] of broken.entries()) {
  test(`create on ${what} tells the cause and the cure, and makes nothing`, { skip }, async () => {
    const file = join(clone.folder, `kubeconfig-${index}`);
    await writeFile(file, content);
    const { code, stdout, stderr } = await run(
      `./orchestrator.sh create --provider kubeconfig --kubeconfig ${file} ${options}`,
    );
    assert.equal(code, exitCodes.unreachable.code, stderr);
    assert.match(stderr, cause);
    assert.match(stderr, cure);
    assert.equal(stdout, '');
  });
}

test('create on a file that is not there tells its name', { skip }, async () => {
  const { code, stderr } = await run('./orchestrator.sh create --provider kubeconfig --kubeconfig /no/such/file');
  assert.equal(code, exitCodes.unreachable.code, stderr);
  assert.match(stderr, /kubeconfig cannot be used/);
  assert.match(stderr, /\/no\/such\/file/);
});

test('what a failed create was told is not remembered: the next may choose anew', { skip }, async () => {
  await run('./orchestrator.sh create --provider kubeconfig --kubeconfig /no/such/file --context gone');
  const { stdout } = await run('./orchestrator.sh create --provider kubeconfig --dry-run');
  assert.doesNotMatch(stdout, /no\/such\/file|gone/);
});

for (const command of ['stop', 'start', 'deploy', 'secrets show', 'secrets rotate', 'move rabbitmq']) {
  test(`${command} without a cluster says so`, { skip }, async () => {
    const { code, stdout, stderr } = await run(`./orchestrator.sh ${command}`);
    assert.equal(code, exitCodes.unreachable.code, stderr);
    assert.match(stderr, /no cluster here: .*k3s\.yaml does not exist/);
    assert.match(stderr, /\.\/orchestrator\.sh create/);
    assert.equal(stdout, '');
  });
}

test('destroy asks, and refuses where nobody can answer', { skip }, async () => {
  const { code, stdout, stderr } = await run('./orchestrator.sh destroy');
  assert.equal(code, exitCodes.usage.code);
  assert.match(stderr, /destroy --yes/);
  assert.equal(stdout, '');
});
