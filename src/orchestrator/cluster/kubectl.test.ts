import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { CommandError } from '../exec.ts';
import { Failure } from '../failure.ts';
import { kubectlArgv, openKubectl } from './kubectl.ts';

test('every command names its cluster and its namespace', () => {
  assert.deepEqual(kubectlArgv({ program: '/bin/kubectl', kubeconfig: 'k3s.yaml' }, ['get', 'pods']), [
    '/bin/kubectl',
    '--kubeconfig=k3s.yaml',
    '--namespace=microservices',
    'get',
    'pods',
  ]);
  assert.deepEqual(kubectlArgv({ program: 'kubectl', context: 'mine' }, ['version']), [
    'kubectl',
    '--context=mine',
    '--namespace=microservices',
    'version',
  ]);
});

/** kubectl that fails with these words. */
async function failing(t: TestContext, words: string, ...args: string[]): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-kubectl-'));
  t.after(() => rm(folder, { recursive: true }));
  const program = join(folder, 'kubectl');
  await writeFile(program, `#!/bin/sh\ncat >&2 <<'WORDS'\n${words}\nWORDS\nexit 1\n`);
  await chmod(program, 0o755);
  return openKubectl({ program })
    .run(args)
    .catch((error: unknown) => error);
}

/** What kubectl 1.32 to 1.36 say, and what the user is told. */
const obstacles: [words: string, message: RegExp][] = [
  ['The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?', /does not answer/],
  ['Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout', /does not answer/],
  ['Unable to connect to the server: net/http: TLS handshake timeout', /does not answer/],
  ['Error from server (ServiceUnavailable): the server is currently unable to handle the request', /does not answer/],
  [
    'Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown authority',
    /certificate/,
  ],
  ['error: You must be logged in to the server (Unauthorized)', /does not know the user/],
  [
    'Error from server (Forbidden): pods is forbidden: User "me" cannot list resource "pods" in API group ""',
    /may not do this/,
  ],
  ['error: context "nobody" does not exist', /does not name a cluster/],
  [
    'The connection to the server localhost:8080 was refused - did you specify the right host or port?',
    /does not name a cluster/,
  ],
  ['error: stat /no/such/file: no such file or directory', /cannot be used/],
  [
    'error: error loading config file "x": yaml: line 3: mapping values are not allowed in this context',
    /cannot be used/,
  ],
];

for (const [words, message] of obstacles) {
  test(`an obstacle on the way to the cluster is told as one: ${words}`, async (t) => {
    const error = await failing(t, words, 'get', 'pods');
    assert.ok(error instanceof Failure);
    assert.equal(error.kind, 'unreachable');
    assert.match(error.message, message);
    assert.ok(error.cure);
  });
}

const matters: [words: string, ...args: string[]][] = [
  [
    'The Deployment "a" is invalid: spec.template.spec.containers[0].readinessProbe.timeoutSeconds: Invalid value: -1',
    'apply',
  ],
  ['Error from server (Forbidden): pods "a" is forbidden: violates PodSecurity "restricted:latest"', 'apply'],
  ['error: timed out waiting for the condition on pods/a', 'wait'],
  ['psql: error: connection to server failed: Connection refused', 'exec'],
  ['Unable to connect to the server: dial tcp 10.0.0.2:10250: i/o timeout', 'logs'],
];

for (const [words, ...args] of matters) {
  test(`what is said about the matter itself is none: ${words}`, async (t) => {
    assert.ok((await failing(t, words, ...args)) instanceof CommandError);
  });
}
