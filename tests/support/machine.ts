import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** A K3s and its installer as they come: what they do is written down in `calls`. */
const k3s = `#!/bin/sh
echo "k3s $*" >>"$MACHINE/calls"
case "$*" in *"get node "*) cat "$MACHINE/ready" ;; esac
`;
const installer = `echo "install $1 skip-download=$INSTALL_K3S_SKIP_DOWNLOAD skip-start=$INSTALL_K3S_SKIP_START" >>"$MACHINE/calls"
: >"$MACHINE/enabled"
`;

/** The programs of the machine that the script calls and that must not touch this one. */
const programs: Record<string, string> = {
  id: 'echo 0',
  uname: 'cat "$MACHINE/processor"',
  stat: 'cat "$MACHINE/cgroup"',
  ip: 'cat "$MACHINE/addresses"',
  sysctl: 'echo "sysctl $*" >>"$MACHINE/calls"',
  timedatectl: 'cat "$MACHINE/ntp"',
  journalctl: 'echo "k3s-agent[7]: Node password rejected"',
  systemctl: `case $1 in
is-active) if [ -f "$MACHINE/active" ]; then echo active; else echo activating; exit 3; fi ;;
is-enabled) [ -f "$MACHINE/enabled" ] ;;
*)
  echo "systemctl $*" >>"$MACHINE/calls"
  case $1 in stop) rm -f "$MACHINE/active" ;; start) [ -f "$MACHINE/broken" ] || : >"$MACHINE/active" ;; esac
  ;;
esac`,
  curl: `out=/dev/stdout
while [ $# -gt 1 ]; do
  case $1 in -o) out=$2; shift ;; esac
  shift
done
echo "curl $1" >>"$MACHINE/calls"
case $1 in
*/ping) [ -f "$MACHINE/server-date" ] || { echo "curl: (7) connection refused" >&2; exit 7; }
  printf 'HTTP/2 200\\r\\nDate: %s\\r\\n' "$(date -u -d "$(cat "$MACHINE/server-date")" '+%a, %d %b %Y %H:%M:%S GMT')" ;;
*) cp "$MACHINE/network/$(basename "$1")" "$out" ;;
esac`,
};

/** A machine in a folder: Scripts/setup-cluster.sh runs on it for real, with stand-ins for what would change a whole system. */
export interface ScratchMachine {
  /** Runs the script and returns its exit code and everything it said. */
  run(...args: string[]): Promise<{ code: number; output: string }>;
  /** What the script had done by other programs since the last look, a line each. */
  calls(): Promise<string[]>;
  /** Sets a state of the machine, such as "addresses"; `undefined` removes it. */
  set(name: string, content: string | undefined): Promise<void>;
  /** Puts a file beside the script, as an upload does. */
  upload(name: string, content: string): Promise<void>;
  /** What stands in a file of the machine, undefined where there is none. */
  read(path: string): Promise<string | undefined>;
  /** Permission bits in octal. */
  mode(path: string): Promise<string>;
  isUploaded(name: string): Promise<boolean>;
}

const script = fileURLToPath(new URL('../../Scripts/setup-cluster.sh', import.meta.url));
const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');

/** The script with the stand-ins' sums and short deadlines: nothing else differs. */
export function withStandIns(source: string): string {
  return source
    .replace(/^(k3s_sha256_\w+)=.*$/gm, `$1=${sha256(k3s)}`)
    .replace(/^(install_sha256)=.*$/m, `$1=${sha256(installer)}`)
    .replace(/^(\w+_deadline)=\d+/gm, '$1=1');
}

export async function makeMachine(after: (cleanUp: () => Promise<void>) => void): Promise<ScratchMachine> {
  const home = await mkdtemp(join(tmpdir(), 'orchestrator-machine-'));
  after(() => rm(home, { recursive: true, force: true }));
  const [root, bin, uploads] = [join(home, 'root'), join(home, 'bin'), join(home, 'uploads')];
  for (const folder of [root, bin, uploads, join(home, 'network')]) await mkdir(folder);
  for (const [name, body] of Object.entries(programs))
    await writeFile(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  await writeFile(join(home, 'network/k3s'), k3s);
  await writeFile(join(home, 'network/k3s-arm64'), k3s);
  await writeFile(join(home, 'network/install.sh'), installer);
  await writeFile(join(uploads, 'setup-cluster.sh'), withStandIns(await readFile(script, 'utf8')));
  await chmod(join(uploads, 'setup-cluster.sh'), 0o755);

  const machine: ScratchMachine = {
    run: async (...args) => {
      const env = { PATH: `${bin}:${process.env['PATH']}`, MACHINE: home, CLUSTER_ROOT: root };
      const child = spawn(join(uploads, 'setup-cluster.sh'), args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
      const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
      return { code: code as number, output: stdout + stderr };
    },
    calls: async () => {
      const lines = (await readIfThere(join(home, 'calls'))) ?? '';
      await rm(join(home, 'calls'), { force: true });
      return lines.split('\n').filter((line) => line !== '');
    },
    set: async (name, content) => {
      if (content === undefined) await rm(join(home, name), { force: true });
      else await writeFile(join(home, name), content);
    },
    upload: (name, content) => writeFile(join(uploads, name), content, { mode: 0o600 }),
    read: (path) => readIfThere(join(root, path)),
    mode: async (path) => ((await stat(join(root, path))).mode & 0o777).toString(8),
    isUploaded: async (name) => (await readIfThere(join(uploads, name))) !== undefined,
  };
  for (const [name, content] of Object.entries({
    processor: 'x86_64\n',
    cgroup: 'cgroup2fs\n',
    ntp: 'yes\n',
    addresses:
      '1: lo    inet 127.0.0.1/8 scope host lo\n2: eth0    inet 10.0.2.15/24 scope global eth0\n3: eth1    inet 192.168.56.10/24 scope global eth1\n',
    ready: 'Ready=True kubelet is posting ready status',
  })) {
    await machine.set(name, content);
  }
  return machine;
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
