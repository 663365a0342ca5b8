import assert from 'node:assert/strict';
import { cpSync, globSync, mkdtempSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { before, test } from 'node:test';
import type { SuiteContext, TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '@orchestrator/orchestrator/exec.ts';
import { buildImages } from '@orchestrator/orchestrator/images/build.ts';
import type { BuildOptions } from '@orchestrator/orchestrator/images/build.ts';
import { ownImages } from '@orchestrator/orchestrator/images/names.ts';
import { readImageRecord } from '@orchestrator/orchestrator/images/record.ts';
import type { BuiltImage } from '@orchestrator/orchestrator/images/record.ts';
import { brokerEnv, createVhost } from './support/broker.ts';
import { containerEnv, enterArgv, openImage, startImage } from './support/container.ts';
import type { Image } from './support/container.ts';
import { createDatabase, databaseEnv } from './support/database.ts';
import { eventually } from './support/eventually.ts';
import { createImageStore, imageObstacle, startRegistry } from './support/images.ts';

/** Ends by itself at once. */
const COMMAND_TIMEOUT_MS = 30_000;

const tag = '0.0.1-test';
const reference = (name: string): string => `docker.io/tester/${name}:${tag}`;

let obstacle: string | undefined;
let root: string;
let options: BuildOptions;
let built: BuiltImage[];
const images = new Map<string, Image>();
/** What each archive holds, by the name it was handed over with. */
const loaded = new Map<string, string[]>();

before(async (scope) => {
  obstacle = await imageObstacle();
  if (obstacle !== undefined) return;
  root = copySources(scope);
  const store = await createImageStore(scope);
  options = {
    root,
    tool: { name: 'buildah', program: store.program },
    user: 'tester',
    tag,
    all: false,
    push: false,
    extra: store.flags,
    env: store.env,
    say: () => undefined,
  };
  built = await buildImages({
    ...options,
    load: async (archive, references) => {
      loaded.set(references.join(), await namesIn(archive));
    },
  });
  for (const name of ownImages) images.set(name, await openImage(store, reference(name)));
});

/** What a clone has, and a file that must not get into an image. */
function copySources(scope: TestContext | SuiteContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sources-'));
  if ('after' in scope) scope.after(() => rmSync(folder, { recursive: true, force: true }));
  const repository = fileURLToPath(new URL('..', import.meta.url));
  for (const name of ['Dockerfiles', '.dockerignore', '.npmrc', 'package.json', 'package-lock.json', 'src', 'tests']) {
    cpSync(join(repository, name), join(folder, name), {
      recursive: true,
      filter: (path) => basename(path) !== 'node_modules',
    });
  }
  writeFileSync(join(folder, '.env'), 'A_SECRET=1\n');
  return folder;
}

/** By what names a node knows the image in the archive. */
async function namesIn(archive: string): Promise<string[]> {
  const manifest = await run(['tar', '-xOf', archive, 'manifest.json'], { timeoutMs: COMMAND_TIMEOUT_MS });
  const [{ RepoTags = [] } = {}] = JSON.parse(manifest) as Array<{ RepoTags?: string[] }>;
  return RepoTags;
}

const image = (name: string): Image => images.get(name) ?? assert.fail(`${name} was not built`);

/** A test that needs the images. */
function imageTest(name: string, run: (t: TestContext) => Promise<void> | void): void {
  test(name, (t) => (obstacle === undefined ? run(t) : t.skip(obstacle)));
}

imageTest('what was built is told, recorded, and handed over under the name that a node asks for', async () => {
  assert.deepEqual(
    built.map(({ name, reference }) => [name, reference]),
    ownImages.map((name) => [name, reference(name)]),
  );
  for (const { id } of built) assert.match(id, /^sha256:[0-9a-f]{64}$/);
  assert.deepEqual(
    await readImageRecord(root),
    Object.fromEntries(built.map(({ reference, id }) => [reference, { id }])),
  );
  assert.deepEqual(
    [...loaded],
    ownImages.map((name) => [reference(name), [reference(name)]]),
  );
});

imageTest(
  'built and pushed again without a change, an image keeps its id, and is in the registry under its digest',
  async (t) => {
    const registry = await startRegistry(t);
    const pushed = await buildImages({ ...options, user: `${registry}/tester`, push: true });
    assert.deepEqual(
      pushed.map(({ id }) => id),
      built.map(({ id }) => id),
    );
    for (const { name, digest } of pushed) {
      const headers = { accept: 'application/vnd.docker.distribution.manifest.v2+json' };
      const answer = await fetch(`http://${registry}/v2/tester/${name}/manifests/${tag}`, { headers });
      assert.equal(answer.headers.get('docker-content-digest'), digest);
      const { config } = (await answer.json()) as { config: { digest: string } };
      assert.equal(config.digest, built.find((image) => image.name === name)?.id);
    }
  },
);

for (const name of ownImages) {
  imageTest(`${name}: the image holds its program with what that needs, and nothing else`, () => {
    const app = join(image(name).root, 'app');
    assert.deepEqual(globSync('*', { cwd: app }).toSorted(), ['compiled', 'node_modules', 'src']);
    assert.deepEqual(
      globSync('src/*', { cwd: app }).toSorted(),
      ['contracts', 'kit', name].toSorted().map((dir) => `src/${dir}`),
    );
    assert.deepEqual(globSync(['src/**/*.test.ts', '**/*.map', '.env'], { cwd: app }), []);
    for (const dir of ['contracts', 'kit', name]) {
      assert.equal(readlinkSync(join(app, 'node_modules/@orchestrator', dir)), `../../src/${dir}`);
    }
    for (const tool of ['typescript', 'oxlint', 'node'])
      assert.deepEqual(globSync(`node_modules/${tool}`, { cwd: app }), []);
    assert.deepEqual(globSync('root/{*,.*}', { cwd: image(name).root }), [], 'no cache of npm is left');
  });

  imageTest(`${name}: it runs as a user who may write nothing but the cache, on the ports that it names`, () => {
    const { config, root: files } = image(name);
    assert.equal(config.User, '1000:1000');
    assert.deepEqual(config.Cmd, ['node', `src/${name}/main.ts`]);
    assert.deepEqual(Object.keys(config.ExposedPorts).toSorted(), [
      name === 'api-gateway' ? '3000/tcp' : '8080/tcp',
      '9464/tcp',
    ]);
    assert.equal(config.Labels['org.opencontainers.image.title'], name);
    assert.equal(config.Labels['org.opencontainers.image.version'], tag);
    for (const path of globSync(['app', 'app/src/**', 'app/node_modules/*'], { cwd: files })) {
      assert.equal(statSync(join(files, path)).uid, 0, path);
    }
  });

  imageTest(`${name}: it finds its modules compiled, on a file system that it cannot write`, async () => {
    const started = image(name);
    const enter = async (command: string[], env: Record<string, string> = {}): Promise<string> => {
      const settings = { env: containerEnv(started, env), timeoutMs: COMMAND_TIMEOUT_MS };
      return run(enterArgv(started, ['sh', '-c', `${command.join(' ')} 2>&1 || true`]), settings);
    };
    assert.match(await enter(['touch', '/app/compiled/x']), /Read-only file system/);
    const log = await enter(started.config.Cmd, { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' });
    assert.match(log, /is not set/);
    assert.match(log, new RegExp(`cache for ESM file:///app/src/${name}/main.ts was accepted`));
    assert.match(log, /cache for ESM file:\/\/\/app\/src\/kit\/\S+ was accepted/);
    assert.doesNotMatch(log, /rejected|mismatch/);
  });
}

imageTest('started from their images, the three become ready and take a movie and an order', async (t) => {
  const [broker, movies, orders] = await Promise.all([createVhost(t), createDatabase(t), createDatabase(t)]);
  const [inventory, billing] = await Promise.all([
    startImage(t, image('inventory-app'), databaseEnv(movies)),
    startImage(t, image('billing-app'), { ...databaseEnv(orders), ...brokerEnv(broker) }),
  ]);
  const gateway = await startImage(t, image('api-gateway'), {
    INVENTORY_URL: inventory,
    BILLING_URL: billing,
    ...brokerEnv(broker),
  });
  const post = async (path: string, body: object): Promise<Record<string, string>> => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(gateway + path, { method: 'POST', headers, body: JSON.stringify(body) });
    assert.equal(answer.status, 200, await answer.clone().text());
    return (await answer.json()) as Record<string, string>;
  };
  const movie = await post('/api/movies', { title: 'Alien', description: 'In space' });
  assert.deepEqual(await (await fetch(`${gateway}/api/movies`)).json(), [movie]);
  const order = await post('/api/billing', { user_id: '20', number_of_items: '99', total_amount: '250' });
  await eventually(async () => {
    const answer = await fetch(`${gateway}/api/billing/${order['tracking_id']}`);
    assert.equal(((await answer.json()) as { state?: string }).state, 'stored');
  });
});
