import { lockCluster } from '../cluster/lock.ts';
import { canLoadImages, readRecord } from '../cluster/record.ts';
import type { Command } from '../command.ts';
import { chooseWord, parseCommandLine } from '../command.ts';
import { exitCodes } from '../failure.ts';
import { repository } from '../files.ts';
import { buildImages } from '../images/build.ts';
import type { BuildOptions } from '../images/build.ts';
import { checkTag, checkUser, placeholderUser } from '../images/names.ts';
import { planImages } from '../images/plan.ts';
import type { BuiltImage } from '../images/record.ts';
import { requireContainerTool, toolNames } from '../images/tools.ts';
import { readVersion } from '../images/version.ts';
import { listenForInterrupt } from '../interrupt.ts';
import { createProvider } from '../providers/create.ts';
import type { Work } from '../providers/provider.ts';
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
    const tools = values.tool === undefined ? toolNames : [chooseWord('tool', values.tool, toolNames)];
    const user = checkUser(environment.dockerHubUsername ?? placeholderUser);
    const plan = {
      root: repository,
      tool: await requireContainerTool(environment.folders, tools),
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
    // What was built is recorded for deploy, and loaded into nodes: one at a time.
    using _lock = await lockCluster('build');
    say(`with ${plan.tool.name} (${plan.tool.program})`);
    const { signal } = interrupt;
    const load = await loaderOf({ environment, say, signal });
    if (!plan.push && load === undefined) say('they stay on this machine: there is no cluster here to load them into');
    const built = await buildImages({
      ...plan,
      env: environment.user,
      say,
      onLine: everyTwoSeconds(say),
      signal,
      load,
    });
    print(format === 'json' ? JSON.stringify({ pushed: plan.push, images: built }, undefined, 2) : table(built));
    return exitCodes.ok.code;
  },
};

const print = (text: string): void => void process.stdout.write(`${text}\n`);

function table(images: readonly BuiltImage[]): string {
  const rows = images.map(({ reference, id, digest }) => [reference, id, digest ?? 'not pushed']);
  return alignColumns([['IMAGE', 'ID', 'DIGEST'], ...rows]).join('\n');
}

/** Brings images into the nodes of the cluster of this repository, where there is one that takes them. */
async function loaderOf(work: Work): Promise<BuildOptions['load']> {
  const record = await readRecord();
  if (record === undefined || !canLoadImages(record)) return undefined;
  const provider = createProvider(record);
  return (archive, references) => provider.load(archive, references, work);
}
