import { globSync, readFileSync } from 'node:fs';
import { nodeOptions } from '@orchestrator/orchestrator/local/services.ts';
import { root } from './readme.ts';

interface Instruction {
  word: string;
  rest: string;
}

/** Comments left out, continued lines joined. */
export function parseDockerfile(text: string): Instruction[] {
  const lines = text
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n');
  return lines.filter(Boolean).map((line) => {
    const [word = '', rest = ''] = line.split(/ (.*)/s);
    return { word, rest };
  });
}

/** The service's own packages, itself included, as its package.json and those of its packages name them. */
export function ownPackages(name: string): string[] {
  const { dependencies } = JSON.parse(readFileSync(`${root}src/${name}/package.json`, 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const own = Object.keys(dependencies).filter((dependency) => dependency.startsWith('@orchestrator/'));
  return [...new Set([...own.flatMap((dependency) => ownPackages(dependency.replace('@orchestrator/', ''))), name])];
}

/** The ports on which the code listens unless told otherwise. */
function defaultPorts(name: string): string {
  const own = /serviceVariables\((\d+)\)/.exec(readFileSync(`${root}src/${name}/config.ts`, 'utf8'))?.[1];
  const metrics = /'METRICS_PORT', (\d+)/.exec(readFileSync(`${root}src/kit/variables.ts`, 'utf8'))?.[1];
  return `${own} ${metrics}`;
}

/** Each way in which the Dockerfile of a service is not as it should be. */
export function dockerfileFaults(name: string, text: string): string[] {
  const faults: string[] = [];
  const expect = (holds: boolean, fault: string): void => void (holds || faults.push(fault));
  const instructions = parseDockerfile(text);
  const all = (word: string): string[] => instructions.filter((each) => each.word === word).map(({ rest }) => rest);
  const last = instructions.findLastIndex(({ word }) => word === 'FROM');
  const lastOf = (word: string): string | undefined =>
    instructions.slice(last).findLast((each) => each.word === word)?.rest;

  expect(instructions[0]?.word === 'ARG' && instructions[0].rest === 'NODE_IMAGE=node:24-alpine', 'base: not the tag');
  expect(all('FROM').join() === '$NODE_IMAGE AS build,$NODE_IMAGE', 'base: not the same in both stages');
  const install = `npm ci --workspace=src/${name} --omit=dev --ignore-scripts`;
  expect(
    all('RUN').some((command) => command.startsWith(install)),
    'npm: not from the lock file, or more than is needed',
  );
  expect(
    instructions.slice(last).every(({ word }) => word !== 'RUN'),
    'the last stage runs something',
  );
  expect(/^[1-9]\d*:[1-9]\d*$/.test(lastOf('USER') ?? ''), 'user: root, or not a number');
  expect(lastOf('CMD') === `["node", "src/${name}/main.ts"]`, 'start: a shell or npm stands before the program');
  expect(lastOf('EXPOSE') === defaultPorts(name), 'ports: not those of the code');
  for (const label of ['title', 'description', 'licenses', 'version', 'revision']) {
    expect((lastOf('LABEL') ?? '').includes(`org.opencontainers.image.${label}="`), `label: ${label} is missing`);
  }
  const copies = all('COPY');
  for (const dir of ownPackages(name)) {
    const manifest = copies.indexOf(`src/${dir}/package.json src/${dir}/`);
    const sources = copies.indexOf(`src/${dir} src/${dir}`);
    expect(manifest >= 0 && sources > manifest, `${dir}: not copied, or not in the order that keeps layers`);
  }
  // Docker would make the copy root's, and Node reads a cache only as its owner; buildah keeps the owner, so builds do not tell.
  expect(
    copies.includes('--from=build --chown=1000:1000 /tmp/compiled compiled'),
    'cache: not of the user who reads it',
  );
  expect(all('ENV').includes(`NODE_OPTIONS=${nodeOptions}`), 'options: not those of a local service');
  expect(
    all('RUN').some((command) => command.startsWith(`NODE_OPTIONS=${nodeOptions} NODE_COMPILE_CACHE=`)),
    'cache: compiled with other options than the service runs with, which do not read it',
  );
  expect(!copies.some((copy) => /(^|\s)\.\/?\s/.test(copy)), 'copies the whole folder');
  return faults;
}

/** The same text for every service, but for what must differ. */
export function commonPart(name: string, text: string): string {
  return text
    .replaceAll(name, 'NAME')
    .replaceAll(/EXPOSE \d+/g, 'EXPOSE PORT')
    .replaceAll(/(description=)".*"/g, '$1"…"');
}

export const dockerfiles = globSync('Dockerfiles/*/Dockerfile', { cwd: root }).map((path) => ({
  name: path.split('/')[1] ?? '',
  text: readFileSync(`${root}${path}`, 'utf8'),
}));
