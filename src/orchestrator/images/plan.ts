import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pasteable, run } from '../exec.ts';
import { foreignImages, fullName, ownImages } from './names.ts';
import { buildArgv, pullArgv, pushArgv, saveArgv, tagArgv } from './tools.ts';
import type { ContainerTool } from './tools.ts';

export interface ImagePlan {
  /** Of the repository. */
  root: string;
  tool: ContainerTool;
  /** Whose images: a user of Docker Hub, or a registry with a path. */
  user: string;
  tag: string;
  /** The databases' and the broker's images too. */
  all: boolean;
  /** To the user's registry. */
  push: boolean;
  /** Arguments for the tool's build command. */
  extra: readonly string[];
}

/** An image to be had: built here, or fetched from its makers. */
export interface Job {
  name: string;
  /** Full name: docker.io/user/api-gateway:1. */
  reference: string;
  /** The makers' name; absent for an image of ours. */
  source?: string;
}

/** Ours first, in order. */
export function listJobs({ user, tag, all, push }: Pick<ImagePlan, 'user' | 'tag' | 'all' | 'push'>): Job[] {
  const own = ownImages.map((name) => ({ name, reference: fullName(user, `${name}:${tag}`) }));
  const foreign = foreignImages.map((name) => {
    const source = `docker.io/library/${name}`;
    // What is only loaded into the nodes keeps the name by which the manifests ask for it.
    return { name, source, reference: push ? fullName(user, name) : source };
  });
  return all ? [...own, ...foreign] : own;
}

/** What the Dockerfiles are told. */
export interface BuildArguments {
  /** The pinned base; undefined where it cannot be had: the Dockerfile's own goes by its tag. */
  base: string | undefined;
  /** Commit of the sources. */
  revision: string;
}

/** The command that builds an image of ours. */
export function ownImageArgv(plan: ImagePlan, { name, reference }: Job, { base, revision }: BuildArguments): string[] {
  const args = { VERSION: plan.tag, REVISION: revision, ...(base === undefined ? {} : { NODE_IMAGE: base }) };
  const { tool, extra } = plan;
  return buildArgv(tool, { reference, dockerfile: `Dockerfiles/${name}/Dockerfile`, args, extra });
}

/** The commands of `buildImages`, a line each, when the registry answers and the nodes are loaded where nothing is pushed. */
export async function planImages(plan: ImagePlan): Promise<string[]> {
  const { root, tool, push } = plan;
  const [base, revision] = [await readPinnedBase(root), await readRevision(root)];
  const list = listJobs(plan);
  const make = list.flatMap((job) => {
    const { source, reference } = job;
    if (source === undefined) return [ownImageArgv(plan, job, { base, revision })];
    return [pullArgv(tool, source), ...(source === reference ? [] : [tagArgv(tool, source, reference)])];
  });
  const publish = list.map(({ name, reference }) =>
    push ? pushArgv(tool, reference, `${name}.digest`) : saveArgv(tool, reference, archiveName(name)),
  );
  return [pullArgv(tool, base), ...make, ...publish].map(pasteable);
}

export const archiveName = (name: string): string => `${name.replace(':', '-')}.tar`;

/** The base image with its digest. */
export async function readPinnedBase(root: string): Promise<string> {
  return (await readFile(join(root, 'Dockerfiles/node-image'), 'utf8')).trim();
}

/** The commit, with `-dirty` where files differ from it; `unknown` in a copy without git. */
export async function readRevision(root: string): Promise<string> {
  const argv = ['git', '-C', root, 'describe', '--always', '--abbrev=40', '--exclude=*', '--dirty'];
  return (await run(argv, { timeoutMs: 10_000 }).catch(() => 'unknown')).trim();
}
