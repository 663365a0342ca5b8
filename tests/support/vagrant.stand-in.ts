import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A Vagrant whose machines are files: NAME.state, and what goes wrong in `fail`, which is the command and then the message. */
const program = `#!/bin/sh
cd "$(dirname "$0")/state" || exit 9
echo "$*" >>calls
state() { cat "$1.state" 2>/dev/null || echo not_created; }
become() { for name in $2; do echo "$1" >"$name.state"; done; }
names() { for word; do case $word in master | agent) echo "$word" ;; esac; done; }
if [ -f fail ] && [ "$1" = "$(head -n 1 fail)" ]; then
  case "$*" in *machine-readable*) printf '1,,error-exit,E,%s\\n' "$(sed 1d fail)" ;; *) sed 1d fail >&2 ;; esac
  exit 1
fi
case $1 in
--version) echo "Vagrant 2.4.9" ;;
status)
  for name in master agent; do
    printf '1,%s,provider-name,virtualbox\\n1,%s,state,%s\\n' "$name" "$name" "$(state $name)"
  done ;;
up)
  trap 'echo "Waiting for cleanup before exiting..."; echo tidied >>calls; exit 1' INT
  for name in $(names "$@"); do
    if [ "$(state "$name")" = running ]; then echo "==> $name: already running"; continue; fi
    mkdir -p "../project/.vagrant/machines/$name/virtualbox"
    echo id >"../project/.vagrant/machines/$name/virtualbox/id"
    if [ -f slow ]; then become poweroff "$name"; echo "==> $name: Booting VM..."; while :; do sleep 0.05; done; fi
    become running "$name"
    echo "==> $name: Machine booted and ready!"
  done ;;
reload) cp after-reload "$(cat reload-target)" ;;
halt) [ -f unstoppable ] || become poweroff "$(names "$@")" ;;
destroy) become not_created "master agent"; rm -rf ../project/.vagrant ;;
ssh-config) cat ssh-config ;;
*) echo "unknown command $1" >&2; exit 1 ;;
esac
`;

export interface VagrantStandIn {
  /** Folder to look for programs in. */
  folder: string;
  /** Folder of the project, with Vagrant's traces in it. */
  project: string;
  set(name: string, content: string | undefined): Promise<void>;
  /** What was asked of it since the last look, without questions for the status. */
  calls(): Promise<string[]>;
}

export async function makeVagrant(after: (cleanUp: () => Promise<void>) => void): Promise<VagrantStandIn> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-vagrant-'));
  after(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'state'));
  await mkdir(join(folder, 'project'));
  await writeFile(join(folder, 'vagrant'), program, { mode: 0o755 });
  const calls = join(folder, 'state/calls');
  return {
    folder,
    project: join(folder, 'project'),
    set: async (name, content) => {
      if (content === undefined) await rm(join(folder, 'state', name), { force: true });
      else await writeFile(join(folder, 'state', name), content);
    },
    calls: async () => {
      const text = await readFile(calls, 'utf8').catch(() => '');
      await rm(calls, { force: true });
      return text.split('\n').filter((line) => line !== '' && !/^(status|ssh-config|--version)/.test(line));
    },
  };
}
