import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../environment.ts';
import { run } from '../exec.ts';
import { repository } from '../files.ts';
import type { Finding } from '../findings.ts';
import { placeholderUser } from '../images/names.ts';
import { toolNames } from '../images/tools.ts';
import { findProgram } from '../programs.ts';

/** A tool without its daemon says so at once; one that hangs is of no use. */
const answerTimeoutMs = 10_000;

/** What `build` needs on this machine. */
export async function checkImages({ folders, user }: Pick<Environment, 'folders' | 'user'>): Promise<Finding[]> {
  return [
    await checkTools(folders),
    checkUser(user['DOCKER_HUB_USERNAME']),
    await checkNames(user['DOCKER_HUB_USERNAME']),
  ];
}

async function checkTools(folders: readonly string[]): Promise<Finding> {
  const subject = 'container tool';
  const silent: string[] = [];
  for (const name of toolNames) {
    const program = await findProgram(name, folders);
    if (program === undefined) continue;
    const answers = await run([program, 'images', '--quiet'], { timeoutMs: answerTimeoutMs }).then(
      () => true,
      () => false,
    );
    if (answers) return { level: 'ok', subject, message: `${program} answers` };
    silent.push(program);
  }
  const common = { level: 'warning', subject } as const;
  if (silent.length > 0) {
    return {
      ...common,
      message: `${silent.join(', ')} does not answer: build cannot make images`,
      cure: `${silent[0]} info   # says why; is its service started, may you use it (group docker)?`,
    };
  }
  return {
    ...common,
    message: 'there is neither docker nor podman nor buildah: build cannot make images',
    cure: 'Install one: https://docs.docker.com/engine/install    Debian, Ubuntu: sudo apt-get install podman',
  };
}

function checkUser(name: string | undefined): Finding {
  const subject = 'DOCKER_HUB_USERNAME';
  return name === undefined || name === ''
    ? { level: 'ok', subject, message: 'is not set: build loads the images into the nodes instead of pushing them' }
    : { level: 'ok', subject, message: `is ${name}: build pushes the images under that name` };
}

/** The orchestrator puts the user's name into the images in memory; a name put there by hand stays. */
async function checkNames(name: string | undefined): Promise<Finding> {
  const folder = join(repository, 'Manifests');
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml'));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return namesFinding(texts.join('\n'), name);
}

/** @param manifests the text of all of them */
export function namesFinding(manifests: string, name: string | undefined): Finding {
  const subject = 'image names';
  const users = [...manifests.matchAll(/image: ([^/\s]+)\/(?:api-gateway|inventory-app|billing-app):/g)].map(
    ([, user]) => user,
  );
  const strangers = [...new Set(users)].filter((user) => user !== placeholderUser && user !== name);
  if (strangers.length > 0) {
    return {
      level: 'warning',
      subject,
      message: `the manifests name the images of ${strangers.join(', ')}, ${name === undefined ? 'and DOCKER_HUB_USERNAME is not set' : `not of ${name}`}`,
      cure: `sed -i 's#${strangers[0]}/#${placeholderUser}/#' Manifests/*.yaml   # the orchestrator puts the right name in`,
    };
  }
  const byHand = `sed -i "s/${placeholderUser}/$DOCKER_HUB_USERNAME/g" Manifests/*.yaml`;
  return users.includes(placeholderUser)
    ? {
        level: 'ok',
        subject,
        message: `the manifests have ${placeholderUser}, which the orchestrator replaces (by hand: ${byHand})`,
      }
    : { level: 'ok', subject, message: `the manifests name the images of ${name}` };
}
