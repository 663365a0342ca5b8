import { spawn, spawnSync } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from '@orchestrator/orchestrator/local/ports.ts';
import { eventually } from './eventually.ts';
import { installer, k3s, programs, setupScript, withStandIns } from './machine.stand-ins.ts';
import { requireTool } from './tool.ts';

/** A machine that is reached with a real ssh, in a root folder of its own on this machine. */
export interface SshMachine {
  address: string;
  port: number;
  /** Private key that is let in as root. */
  identityFile: string;
  /** What was called since the last look, a line each. */
  calls(): Promise<string[]>;
  set(name: string, content: string | undefined): Promise<void>;
  read(path: string): Promise<string | undefined>;
}

export interface SshMachines {
  machines: readonly SshMachine[];
  identityFile: string;
  /** The script with the stand-ins' sums, and a cache that holds the stand-ins. */
  script: string;
  cache: string;
  /** An empty folder for whatever the test wants. */
  home: string;
}

/** Why such machines cannot be made here; undefined when they can. */
export function obstacleToSshMachines(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'root on Linux is needed for mount namespaces';
  return spawnSync('unshare', ['-m', 'true']).status === 0 ? undefined : 'mount namespaces are not allowed here';
}

/**
 * Starts sshd `count` times, at 127.0.0.2, 127.0.0.3, …: each sees the programs of this machine read-only, and beside them
 * an /etc, a /usr/local, a /var and a /tmp of its own, with stand-ins for K3s, systemd and the like.
 */
export async function startSshMachines(
  count: number,
  after: (cleanUp: () => Promise<void>) => void,
): Promise<SshMachines> {
  const sshd = await requireTool('sshd', {
    apt: ['openssh-server'],
    dnf: ['openssh-server'],
    brew: [],
    service: 'ssh',
  });
  const home = await mkdtemp(join(tmpdir(), 'orchestrator-sshd-'));
  after(() => rm(home, { recursive: true, force: true }));
  const identityFile = join(home, 'id');
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', identityFile]);

  const script = join(home, 'setup-cluster.sh');
  const source = withStandIns(await readFile(setupScript, 'utf8'));
  await writeFile(script, source);
  const version = /^k3s_version=(.*)$/m.exec(source)?.[1] ?? '';
  const folder = join(home, 'cache/k3s', version);
  await mkdir(join(folder, 'amd64'), { recursive: true });
  await writeFile(join(folder, 'amd64/k3s'), k3s);
  await writeFile(join(folder, 'install.sh'), installer);

  const machines: SshMachine[] = [];
  for (let index = 0; index < count; index += 1) {
    machines.push(
      await startMachine(join(home, `machine-${index}`), `127.0.0.${index + 2}`, { sshd, identityFile }, after),
    );
  }
  return { machines, identityFile, script, cache: join(home, 'cache'), home };
}

async function startMachine(
  root: string,
  address: string,
  { sshd, identityFile }: { sshd: string; identityFile: string },
  after: (cleanUp: () => Promise<void>) => void,
): Promise<SshMachine> {
  for (const folder of [
    'etc/rancher',
    'usr',
    'dev',
    'proc',
    'tmp',
    'root/.ssh',
    'run/sshd',
    'run/lock',
    'var/lib',
    'machine',
    'local/bin',
    'local/sbin',
    'bin',
    'sbin',
    'lib',
    'lib64',
  ]) {
    await mkdir(join(root, folder), { recursive: true });
  }
  await chmod(root, 0o755);
  for (const file of ['passwd', 'group', 'nsswitch.conf', 'ld.so.cache'])
    await copyFile(`/etc/${file}`, join(root, 'etc', file));
  // Debian's awk is a link into it.
  await cp('/etc/alternatives', join(root, 'etc/alternatives'), { recursive: true, verbatimSymlinks: true }).catch(
    () => undefined,
  );
  // No password, and yet not locked.
  await writeFile(join(root, 'etc/shadow'), 'root:*:19000::::::\n', { mode: 0o600 });
  await copyFile(`${identityFile}.pub`, join(root, 'root/.ssh/authorized_keys'));
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(root, 'etc/hostkey')]);
  for (const [name, body] of Object.entries({ ...programs, ...ofSsh })) {
    await writeFile(join(root, 'local/sbin', name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  }
  const port = await freePort();
  const config = [
    `ListenAddress ${address}:${port}`,
    'HostKey /etc/hostkey',
    'PidFile none',
    'UsePAM no',
    'PermitRootLogin prohibit-password',
    'Subsystem sftp internal-sftp',
    'SetEnv MACHINE=/machine',
  ];
  await writeFile(join(root, 'etc/sshd_config'), `${config.join('\n')}\n`);

  const enter = `set -e
cd "$0"
for folder in bin sbin lib lib64 usr; do [ ! -e /$folder ] || mount --rbind /$folder $folder; done
mount -o remount,bind,ro usr
mount --bind local usr/local
mount --rbind /dev dev
mount --bind /proc proc
exec chroot . "$1" -D -e -f /etc/sshd_config`;
  const child = spawn('unshare', ['-m', 'sh', '-c', enter, root, sshd], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  after(async () => {
    child.kill();
    await gone;
  });
  await eventually(() => {
    if (!log.includes('Server listening')) throw new Error(`sshd does not listen: ${log}`);
  });

  const at = (path: string): string => join(root, path.replace(/^usr\/local/, 'local'));
  const machine: SshMachine = {
    address,
    port,
    identityFile,
    calls: async () => {
      const lines = (await read(at('machine/calls'))) ?? '';
      await rm(at('machine/calls'), { force: true });
      return lines.split('\n').filter((line) => line !== '');
    },
    set: async (name, content) => {
      const path = at(join('machine', name));
      if (content === undefined) await rm(path, { force: true });
      else {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, content, { mode: 0o755 });
      }
    },
    read: (path) => read(at(path)),
  };
  await machine.set('processor', 'x86_64\n');
  await machine.set('cgroup', 'cgroup2fs\n');
  await machine.set('ntp', 'yes\n');
  await machine.set('server-date', 'now');
  await machine.set('user', '0\n');
  await machine.set(
    'addresses',
    `1: lo    inet 127.0.0.1/8 scope host lo\n2: eth1    inet ${address}/24 scope global eth1\n`,
  );
  await machine.set('ready', 'Ready=True');
  return machine;
}

/** Who we are there, and whether sudo lets us be somebody else. */
const ofSsh: Record<string, string> = {
  // Processes of this machine are seen in there: they are neither found nor ended.
  pgrep: `echo "pgrep $*" >>"$MACHINE/calls"; [ -f "$MACHINE/containers" ] && echo 7`,
  pkill: `echo "pkill $*" >>"$MACHINE/calls"; rm "$MACHINE/containers"`,
  id: 'if [ -n "$IS_ROOT" ]; then echo 0; else cat "$MACHINE/user"; fi',
  sudo: `[ "$1" = -n ] || exit 9
[ ! -f "$MACHINE/wants-password" ] || { echo "sudo: a password is required" >&2; exit 1; }
echo "sudo $*" >>"$MACHINE/sudo"
shift
export IS_ROOT=yes
exec "$@"`,
};

async function read(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
