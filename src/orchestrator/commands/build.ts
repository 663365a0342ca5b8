import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command, Context } from '../command.ts';
import { chooseWord, parseCommandLine } from '../command.ts';
import { Failure, exitCodes } from '../failure.ts';
import { repository } from '../files.ts';
import { buildImages } from '../images/build.ts';
import { checkTag, checkUser, placeholderUser } from '../images/names.ts';
import { planImages } from '../images/plan.ts';
import type { BuiltImage } from '../images/record.ts';
import { findContainerTool, toolNames } from '../images/tools.ts';
import type { ContainerTool } from '../images/tools.ts';
import { listenForInterrupt } from '../interrupt.ts';
import { alignColumns, everyTwoSeconds } from '../terminal.ts';

const help = `./orchestrator.sh build [--tag TAG] [--all] [--no-push] [-- ARGUMENT…]

Builds the three images with docker, podman or buildah, whichever is here and answers. With DOCKER_HUB_USERNAME set they are
pushed to that user's registry, which needs a login (docker login); otherwise they are loaded into the nodes of the cluster.

  --tag TAG       the images' tag (the version in package.json)
  --all           the databases' and the broker's images too: published under your name, or loaded into the nodes
  --no-push       do not push, whatever DOCKER_HUB_USERNAME says; the images still bear that name
  --tool NAME     ${toolNames.join(', ')} (the first that answers)
  --dry-run       print the commands, run none
  -o json         the result for programs

What follows -- is handed to the tool's own build command:
  ./orchestrator.sh build -- --platform linux/arm64
  ./orchestrator.sh build -- --network host --build-arg NPM_CONFIG_REGISTRY=https://npm.example.com
`;

const options = {
  tag: { type: 'string' },
  all: { type: 'boolean', default: false },
  'no-push': { type: 'boolean', default: false },
  tool: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  output: { type: 'string', short: 'o', default: 'table' },
} as const;

export const build: Command = {
  summary: 'build the three images, push them or load them into the nodes',
  help,
  run: async (argv, { terminal, environment }) => {
    const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
    const { values } = parseCommandLine({ args: argv.slice(0, end), options });
    const format = chooseWord('output format', values.output, ['table', 'json']);
    const user = checkUser(environment.dockerHubUsername ?? placeholderUser);
    const plan = {
      root: repository,
      tool: await requireTool(values.tool, environment),
      user,
      tag: checkTag(values.tag ?? (await readVersion())),
      all: values.all,
      push: environment.dockerHubUsername !== undefined && !values['no-push'],
      extra: argv.slice(end + 1),
    };
    if (values['dry-run']) {
      print((await planImages(plan)).join('\n'));
      return exitCodes.ok.code;
    }
    const say = (line: string): void => terminal.write(`${line}\n`);
    using interrupt = listenForInterrupt('./orchestrator.sh build goes on where it was.', say);
    say(`with ${plan.tool.name} (${plan.tool.program})`);
    const { signal } = interrupt;
    const built = await buildImages({ ...plan, env: environment.user, say, onLine: everyTwoSeconds(say), signal });
    print(format === 'json' ? JSON.stringify({ pushed: plan.push, images: built }, undefined, 2) : table(built));
    return exitCodes.ok.code;
  },
};

const print = (text: string): void => void process.stdout.write(`${text}\n`);

function table(images: readonly BuiltImage[]): string {
  const rows = images.map(({ reference, id, digest }) => [reference, id, digest ?? 'not pushed']);
  return alignColumns([['IMAGE', 'ID', 'DIGEST'], ...rows]).join('\n');
}

/** @throws Failure missing-tool */
async function requireTool(word: string | undefined, { folders }: Context['environment']): Promise<ContainerTool> {
  const names = word === undefined ? toolNames : [chooseWord('tool', word, toolNames)];
  const tool = await findContainerTool(folders, names);
  if (tool !== undefined) return tool;
  throw new Failure('missing-tool', `There is no ${names.join(', podman or ')} on this machine that answers.`, {
    cure: 'Docker: https://docs.docker.com/engine/install, and its daemon must run    Debian, Ubuntu: sudo apt-get install buildah    Fedora: sudo dnf install podman',
  });
}

async function readVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as { version: string };
  return version;
}
