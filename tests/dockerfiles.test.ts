import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ownImages } from '@orchestrator/orchestrator/images/names.ts';
import { readPinnedBase } from '@orchestrator/orchestrator/images/plan.ts';
import { commonPart, dockerfileFaults, dockerfiles, ownPackages } from './support/dockerfile.ts';
import { root } from './support/readme.ts';

const read = (path: string): string => readFileSync(`${root}/${path}`, 'utf8');

test('each of our images has a Dockerfile, and each Dockerfile is as it should be', () => {
  assert.deepEqual(dockerfiles.map(({ name }) => name).toSorted(), ownImages.toSorted());
  for (const { name, text } of dockerfiles) assert.deepEqual(dockerfileFaults(name, text), [], name);
});

test('the three differ in name, port and description alone', () => {
  const [first, ...others] = dockerfiles.map(({ name, text }) => commonPart(name, text));
  for (const other of others) assert.equal(other, first);
});

test('the pinned base has the version of Node that everything is tested with', async () => {
  const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> };
  const pinned = new RegExp(`^docker\\.io/library/node:${devDependencies['node']}-alpine@sha256:[0-9a-f]{64}$`);
  assert.match(await readPinnedBase(root), pinned);
});

test('what the Dockerfiles copy is let in by .dockerignore, and nothing else is', () => {
  const [first, ...rules] = read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  assert.equal(first, '*');
  const allowed = rules.filter((rule) => rule.startsWith('!')).map((rule) => rule.slice(1));
  const packages = [...new Set(ownImages.flatMap(ownPackages))].map((name) => `src/${name}`);
  assert.deepEqual(allowed.toSorted(), ['.npmrc', 'package-lock.json', 'package.json', ...packages].toSorted());
  assert.deepEqual(rules.slice(allowed.length), ['**/node_modules', '**/*.test.ts']);
});

/** One broken copy for each check: what is replaced by what, and the fault that must be reported. */
const broken: Array<[from: string | RegExp, to: string, fault: string]> = [
  ['ARG NODE_IMAGE=node:24-alpine', 'ARG NODE_IMAGE=node:latest', 'base: not the tag'],
  [/FROM \$NODE_IMAGE\n/, 'FROM node:24\n', 'base: not the same'],
  ['npm ci', 'npm install', 'npm:'],
  [' --omit=dev', '', 'npm:'],
  [' --workspace=src/billing-app', '', 'npm:'],
  ['EXPOSE', 'RUN npm cache clean\nEXPOSE', 'the last stage runs'],
  [/USER 1000:1000\nEXPOSE/, 'USER node\nEXPOSE', 'user:'],
  [/USER 1000:1000\nEXPOSE/, 'USER 0:0\nEXPOSE', 'user:'],
  [/USER 1000:1000\nEXPOSE/, 'EXPOSE', 'user:'],
  ['CMD ["node", "src/billing-app/main.ts"]', 'CMD node src/billing-app/main.ts', 'start:'],
  ['CMD ["node", "src/billing-app/main.ts"]', 'CMD ["npm", "start"]', 'start:'],
  ['EXPOSE 8080', 'EXPOSE 80', 'ports:'],
  ['--chown=1000:1000 ', '', 'cache: not of the user'],
  ['ENV NODE_OPTIONS=--max-semi-space-size=8', 'ENV NODE_OPTIONS=', 'options:'],
  ['RUN NODE_OPTIONS=--max-semi-space-size=8 ', 'RUN ', 'cache: compiled'],
  ['image.revision=', 'image.commit=', 'label: revision'],
  ['COPY src/kit src/kit\n', '', 'kit: not copied'],
  ['COPY src/contracts/package.json src/contracts/\n', '', 'contracts: not copied'],
  ['COPY src/contracts src/contracts', 'COPY . .', 'copies the whole folder'],
];

for (const [from, to, fault] of broken) {
  test(`a broken Dockerfile is seen: ${fault} (${String(from)} → ${to})`, () => {
    const sound = dockerfiles.find(({ name }) => name === 'billing-app')?.text ?? '';
    const copy = sound.replace(from, to);
    assert.notEqual(copy, sound);
    const faults = dockerfileFaults('billing-app', copy);
    assert.ok(
      faults.some((found) => found.startsWith(fault)),
      JSON.stringify(faults),
    );
  });
}
