import { run } from '../exec.ts';
import { Failure } from '../failure.ts';
import { findProgram } from '../programs.ts';

export const toolNames = ['docker', 'podman', 'buildah'] as const;
export type ToolName = (typeof toolNames)[number];

/** A program that builds and moves images. */
export interface ContainerTool {
  name: ToolName;
  program: string;
}

/** A tool without its daemon says so at once; one that hangs is of no use. */
const answerTimeoutMs = 10_000;

/** The first of these tools that is on this machine and answers: docker without its daemon does not. */
export async function findContainerTool(
  folders: readonly string[],
  names: readonly ToolName[] = toolNames,
): Promise<ContainerTool | undefined> {
  const answer = (argv: readonly string[]) => run(argv, { timeoutMs: answerTimeoutMs }).catch(() => undefined);
  for (const name of names) {
    const program = await findProgram(name, folders);
    if (program === undefined || (await answer([program, 'images', '--quiet'])) === undefined) continue;
    // Some systems have podman under the name of docker; where it keeps its logins is podman's affair.
    const isPodman = (await answer([program, '--version']))?.startsWith('podman') ?? false;
    return { name: isPodman ? 'podman' : name, program };
  }
  return undefined;
}

/** The same, where there is no going on without. @throws Failure missing-tool */
export async function requireContainerTool(
  folders: readonly string[],
  names: readonly ToolName[] = toolNames,
): Promise<ContainerTool> {
  const tool = await findContainerTool(folders, names);
  if (tool !== undefined) return tool;
  throw new Failure('missing-tool', `There is no ${names.join(' or ')} on this machine that answers.`, {
    cure: 'Docker: https://docs.docker.com/engine/install, and its daemon must run    Debian, Ubuntu: sudo apt-get install buildah    Fedora: sudo dnf install podman',
  });
}

export interface ImageBuild {
  /** Full name: docker.io/user/app:1. */
  reference: string;
  dockerfile: string;
  /** ARGs of the Dockerfile. */
  args: Readonly<Record<string, string>>;
  /** The user's own arguments of the tool; they come last, where they overrule ours. */
  extra: readonly string[];
}

/** Builds from the current folder. podman and buildah write OCI images unless told; an archive for nodes is Docker's. */
export function buildArgv(
  { name, program }: ContainerTool,
  { reference, dockerfile, args, extra }: ImageBuild,
): string[] {
  const own = { docker: [], podman: ['--format=docker'], buildah: ['--format=docker', '--layers'] }[name];
  const buildArgs = Object.entries(args).map(([key, value]) => `--build-arg=${key}=${value}`);
  return [program, 'build', ...own, `--file=${dockerfile}`, `--tag=${reference}`, ...buildArgs, ...extra, '.'];
}

export function pullArgv({ program }: ContainerTool, reference: string): string[] {
  return [program, 'pull', reference];
}

export function tagArgv({ program }: ContainerTool, source: string, reference: string): string[] {
  return [program, 'tag', source, reference];
}

/** @param digestFile where podman and buildah write the digest; docker prints it */
export function pushArgv({ name, program }: ContainerTool, reference: string, digestFile: string): string[] {
  return [program, 'push', ...(name === 'docker' ? [] : [`--digestfile=${digestFile}`]), reference];
}

/** Writes an archive as `docker save` does; the file must not exist yet. */
export function saveArgv({ name, program }: ContainerTool, reference: string, archive: string): string[] {
  if (name === 'buildah') return [program, 'push', reference, `docker-archive:${archive}:${reference}`];
  const format = name === 'podman' ? ['--format=docker-archive'] : [];
  return [program, 'save', ...format, `--output=${archive}`, reference];
}

/** Prints the image's id, with or without `sha256:` before it. */
export function idArgv({ name, program }: ContainerTool, reference: string): string[] {
  return name === 'buildah'
    ? [program, 'inspect', '--type=image', '--format={{.FromImageID}}', reference]
    : [program, 'image', 'inspect', '--format={{.Id}}', reference];
}

/** Prints who is logged in; fails when nobody is. Docker has no such command: undefined. */
export function loginArgv({ name, program }: ContainerTool, registry: string): string[] | undefined {
  return name === 'docker' ? undefined : [program, 'login', '--get-login', registry];
}

/** The digest in what `docker push` prints, or in a digest file. */
export function parseDigest(text: string): string | undefined {
  return /sha256:[0-9a-f]{64}/.exec(text)?.[0];
}

/** @returns sha256:… @throws TypeError when it is no id */
export function parseId(text: string): string {
  const hex = /^(?:sha256:)?([0-9a-f]{64})$/.exec(text.trim())?.[1];
  if (hex === undefined) throw new TypeError(`no image id: ${text}`);
  return `sha256:${hex}`;
}
