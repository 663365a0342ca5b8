import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../exec.ts';
import type { RunToEndOptions } from '../exec.ts';
import { registryOf } from './names.ts';
import { archiveName, listJobs, ownImageArgv, readPinnedBase, readRevision } from './plan.ts';
import type { ImagePlan, Job } from './plan.ts';
import { recordImage } from './record.ts';
import type { BuiltImage } from './record.ts';
import { imageFailure, requireLogin } from './registry.ts';
import { idArgv, parseDigest, parseId, pullArgv, pushArgv, saveArgv, tagArgv } from './tools.ts';

export interface BuildOptions extends ImagePlan {
  /** Brings an archive, as `docker save` writes it, into the nodes; called when nothing is pushed. */
  load?: ((archive: string, references: readonly string[]) => Promise<void>) | undefined;
  /** The environment of the tool. */
  env: NodeJS.ProcessEnv;
  /** Is told what is being done, a line at a time. */
  say: (line: string) => void;
  /** Is told what the tool says, a line at a time. */
  onLine?: ((line: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** The base and npm's packages come over the network; another architecture is emulated, ten times as slow. */
const buildTimeoutMs = 1_800_000;
/** The broker's image has some 100 MB; a line slower than 1 Mbit/s does not get there. */
const transferTimeoutMs = 900_000;
const questionTimeoutMs = 30_000;

/** Runs the tool. */
type Tool = (argv: readonly string[], timeoutMs: number) => Promise<string>;

/**
 * Builds the images one after the other. When all of them are there, pushes each, or hands it to `load`, and records it.
 * @throws Failure image-failed
 */
export async function buildImages(options: BuildOptions): Promise<BuiltImage[]> {
  const { root, tool, user, push, load, say, signal, onLine } = options;
  // BuildKit would put an attestation beside each image, and make the name that of a list of two.
  const env = { ...options.env, BUILDX_NO_DEFAULT_ATTESTATIONS: '1' };
  if (push) await requireLogin(tool, registryOf(user), env);
  const runTool: Tool = (argv, timeoutMs) => {
    const settings: RunToEndOptions = { cwd: root, env, signal, onLine, timeoutMs };
    return run(argv, settings);
  };
  const list = listJobs(options);
  const build = { base: await pullBase(options, runTool), revision: await readRevision(root) };
  for (const [index, job] of list.entries()) {
    const own = job.source === undefined;
    say(`[${index + 1}/${list.length}] ${job.name}: ${own ? 'building' : 'fetching'} ${job.reference}`);
    const made = own
      ? runTool(ownImageArgv(options, job, build), buildTimeoutMs)
      : fetchImage(options, job.source ?? '', job.reference, runTool);
    await made.catch((error: unknown) => {
      throw imageFailure(`${job.name} could not be ${own ? 'built' : 'fetched'}.`, error);
    });
  }
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-images-'));
  const built: BuiltImage[] = [];
  try {
    for (const job of list) {
      const { name, reference } = job;
      const id = parseId(await runTool(idArgv(tool, reference), questionTimeoutMs));
      const digest = push ? await pushImage(options, job, folder, runTool) : undefined;
      if (!push && load !== undefined) {
        say(`${name}: loading it into the nodes`);
        const archive = join(folder, archiveName(name));
        await runTool(saveArgv(tool, reference, archive), transferTimeoutMs);
        await load(archive, [reference]);
        await rm(archive);
      }
      const image = { name, reference, id, ...(digest === undefined ? {} : { digest }) };
      await recordImage(root, image);
      built.push(image);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return built;
}

/** The pinned base where it can be pulled; undefined where what is on this machine under the tag must do. */
async function pullBase({ root, tool, say, signal }: BuildOptions, runTool: Tool): Promise<string | undefined> {
  const pinned = await readPinnedBase(root);
  say(`the base: ${pinned}`);
  try {
    await runTool(pullArgv(tool, pinned), transferTimeoutMs);
    return pinned;
  } catch {
    signal?.throwIfAborted();
    say('  it cannot be pulled: node:24-alpine is taken, whichever one is on this machine');
    return undefined;
  }
}

/** The newest of that name; the copy on this machine where there is no way to the registry. */
async function fetchImage({ tool, say, signal }: BuildOptions, source: string, reference: string, runTool: Tool) {
  try {
    await runTool(pullArgv(tool, source), transferTimeoutMs);
  } catch (error) {
    signal?.throwIfAborted();
    await runTool(idArgv(tool, source), questionTimeoutMs).catch(() => {
      throw error;
    });
    say('  it cannot be pulled: the one on this machine is taken');
  }
  if (source !== reference) await runTool(tagArgv(tool, source, reference), questionTimeoutMs);
}

/** @returns the digest under which the registry has it */
async function pushImage({ tool, say }: BuildOptions, { name, reference }: Job, folder: string, runTool: Tool) {
  say(`${name}: pushing ${reference}`);
  const digestFile = join(folder, 'digest');
  try {
    const output = await runTool(pushArgv(tool, reference, digestFile), transferTimeoutMs);
    return parseDigest(tool.name === 'docker' ? output : await readFile(digestFile, 'utf8'));
  } catch (error) {
    throw imageFailure(`${reference} could not be pushed.`, error);
  }
}
