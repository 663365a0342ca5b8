import { chmod, cp, mkdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '@orchestrator/orchestrator/exec.ts';

/** npm comes over the network. */
const NPM_TIMEOUT_MS = 120_000;
const LDD_TIMEOUT_MS = 10_000;

/** As Node 24 brings it. */
const NPM = 'npm@11.6.2';

/** What the Dockerfiles call in their shell. */
const COMMANDS = ['sh', 'cat', 'find', 'grep', 'rm', 'touch'];

/**
 * Fills a folder with all that the Dockerfiles use of node:24-alpine: Node, npm, and a shell with a few commands. They are
 * programs of this machine with their libraries, so that no registry of images has to be reached.
 */
export async function fillBase(folder: string, busybox: string): Promise<void> {
  for (const path of ['bin', 'dev', 'etc', 'proc', 'root', 'tmp', 'usr/bin', 'usr/local/bin', 'usr/local/etc']) {
    await mkdir(join(folder, path), { recursive: true });
  }
  await chmod(join(folder, 'tmp'), 0o1777);
  await copyProgram(process.execPath, folder, 'usr/local/bin/node');
  await copyProgram(busybox, folder, 'bin/busybox');
  for (const name of COMMANDS) await symlink('busybox', join(folder, 'bin', name));
  await symlink('/bin/busybox', join(folder, 'usr/bin/env'));
  await npm('install', '--global', `--prefix=${join(folder, 'usr/local')}`, NPM);
  await writeFile(join(folder, 'usr/local/etc/npmrc'), await npmSettings(folder));
}

/** A program with the libraries that it names, each where the program looks for it. */
async function copyProgram(program: string, folder: string, target: string): Promise<void> {
  await cp(await realpath(program), join(folder, target));
  // A static program has none, and ldd says so by failing.
  const libraries = await run(['ldd', program], { timeoutMs: LDD_TIMEOUT_MS }).catch(() => '');
  for (const [path] of libraries.matchAll(/\/\S+(?= \(0x)/g)) {
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await cp(path, join(folder, path), { dereference: true });
  }
}

/** The way to the registry of npm packages that this machine's npm takes. */
async function npmSettings(folder: string): Promise<string> {
  const settings = [`registry=${await npm('config', 'get', 'registry')}`];
  // npm trusts the first of them, and whoever Node trusts besides.
  const files = [await npm('config', 'get', 'cafile'), process.env['NODE_EXTRA_CA_CERTS'] ?? 'null'];
  const authorities = await Promise.all(files.filter((file) => file !== 'null').map((file) => readFile(file, 'utf8')));
  if (authorities.length > 0) {
    await writeFile(join(folder, 'etc/authorities.crt'), authorities.join('\n'));
    settings.push('cafile=/etc/authorities.crt');
  }
  return `${settings.join('\n')}\n`;
}

async function npm(...args: string[]): Promise<string> {
  return (await run(['npm', ...args, '--no-audit', '--no-fund'], { timeoutMs: NPM_TIMEOUT_MS })).trim();
}
