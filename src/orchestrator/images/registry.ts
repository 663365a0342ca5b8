import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError, run } from '../exec.ts';
import { Failure } from '../failure.ts';
import { loginArgv } from './tools.ts';
import type { ContainerTool } from './tools.ts';

const questionTimeoutMs = 10_000;

/** Docker Hub has kept the name it had in Docker's configuration before it had any other. */
const dockerHubKey = 'https://index.docker.io/v1/';

/**
 * Looks whether the tool has a login for the registry, before minutes are spent on building what could not be pushed.
 * Registries of this machine want none.
 * @throws Failure image-failed
 */
export async function requireLogin(tool: ContainerTool, registry: string, env: NodeJS.ProcessEnv): Promise<void> {
  if (/^(localhost|127\.0\.0\.1)(:|$)/.test(registry)) return;
  const argv = loginArgv(tool, registry);
  const loggedIn =
    argv === undefined
      ? hasLogin(await readDockerConfig(env), registry)
      : await run(argv, { env, timeoutMs: questionTimeoutMs }).then(
          () => true,
          () => false,
        );
  if (loggedIn) return;
  throw new Failure('image-failed', `${tool.name} is not logged in to ${registry}, so nothing can be pushed there.`, {
    cure: `${tool.name} login ${registry}    or build without pushing: ./orchestrator.sh build --no-push`,
  });
}

async function readDockerConfig(env: NodeJS.ProcessEnv): Promise<string> {
  const folder = env['DOCKER_CONFIG'] ?? join(env['HOME'] ?? '/root', '.docker');
  return readFile(join(folder, 'config.json'), 'utf8').catch(() => '{}');
}

/**
 * Whether Docker's configuration has a login. The password may be elsewhere (credsStore); `docker login` leaves an entry
 * in `auths` all the same. A credHelper of the registry is a login by itself.
 */
export function hasLogin(config: string, registry: string): boolean {
  const { auths = {}, credHelpers = {} } = JSON.parse(config) as Record<'auths' | 'credHelpers', object | undefined>;
  const keys = registry === 'docker.io' ? [dockerHubKey, 'docker.io', 'index.docker.io'] : [registry];
  return keys.some((key) => key in auths || key in credHelpers);
}

/** What the tools say, and what to do about it; the first that fits. */
const cures: ReadonlyArray<readonly [RegExp, string]> = [
  [
    /toomanyrequests|429 Too Many/i,
    'Docker Hub lets the unnamed pull only so often: log in (docker login), or wait an hour.',
  ],
  [
    /denied|unauthorized|authentication required/i,
    'Log in with a user that may write there (docker login), and set DOCKER_HUB_USERNAME to that user.',
  ],
  [/no space left/i, 'The disk is full: docker system prune (or podman system prune, buildah prune) makes room.'],
  [
    /no such host|name resolution|ENOTFOUND|EAI_AGAIN|dial tcp|i\/o timeout|ETIMEDOUT|connection refused|proxyconnect/i,
    'The network does not get there: try again, through a proxy perhaps (HTTPS_PROXY), or with another registry for npm: ./orchestrator.sh build -- --build-arg NPM_CONFIG_REGISTRY=URL',
  ],
];

/** Turns a failed command into what happened and what to do now; any other error is handed on. */
export function imageFailure(what: string, error: unknown): unknown {
  if (!(error instanceof CommandError)) return error;
  const cure = cures.find(([pattern]) => pattern.test(error.output))?.[1];
  return new Failure('image-failed', what, { cause: error, cure: cure ?? 'The last lines above say why.' });
}
