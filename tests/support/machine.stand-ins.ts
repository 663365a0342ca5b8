import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';

/** A K3s and its installer as they come: what they do is written down in `calls`. */
export const k3s = `#!/bin/sh
echo "k3s $*" >>"$MACHINE/calls"
case "$*" in
*"get node "*) cat "$MACHINE/ready" ;;
*"get nodes "*) cat "$MACHINE/nodes" ;;
*" images import "*) if [ -f "$MACHINE/full" ]; then echo "write: No space left on device" >&2; exit 1; fi; cat "$6" >>"$MACHINE/images" ;;
*" images list -q") cat "$MACHINE/images" ;;
esac
`;
export const installer = `echo "install $1 skip-download=$INSTALL_K3S_SKIP_DOWNLOAD skip-start=$INSTALL_K3S_SKIP_START" >>"$MACHINE/calls"
: >"$MACHINE/enabled"
bin=$CLUSTER_ROOT/usr/local/bin
unit=k3s
[ "$1" = server ] || unit=k3s-agent
printf '#!/bin/sh\necho killall >>$MACHINE/calls\n' >$bin/k3s-killall.sh
printf '#!/bin/sh\necho uninstall >>$MACHINE/calls\nrm -rf /etc/rancher/k3s\n[ ! -f $MACHINE/stubborn ] || exit 1\nrm -f $MACHINE/active $MACHINE/enabled /usr/local/bin/k3s*\n' >$bin/$unit-uninstall.sh
chmod 755 $bin/*.sh
if [ -f "$MACHINE/kubeconfig" ]; then cp "$MACHINE/kubeconfig" $CLUSTER_ROOT/etc/rancher/k3s/k3s.yaml; fi
`;

/** The programs of the machine that the script calls and that must not touch this one. */
export const programs: Record<string, string> = {
  id: 'echo 0',
  uname: 'if [ "$1" = -s ]; then echo Linux; else cat "$MACHINE/processor"; fi',
  stat: 'cat "$MACHINE/cgroup"',
  ip: 'cat "$MACHINE/addresses"',
  sysctl: 'echo "sysctl $*" >>"$MACHINE/calls"',
  timedatectl: 'cat "$MACHINE/ntp"',
  journalctl: 'echo "k3s-agent[7]: Node password rejected"',
  systemctl: `case $1 in
is-active) case $* in *k3s*) ;; *) exit 3 ;; esac
  if [ -f "$MACHINE/active" ]; then echo active; elif [ -f "$MACHINE/broken" ]; then echo activating; exit 3; else echo inactive; exit 3; fi ;;
is-enabled) [ -f "$MACHINE/enabled" ] ;;
*)
  echo "systemctl $*" >>"$MACHINE/calls"
  case $1 in stop) [ -f "$MACHINE/unstoppable" ] || rm -f "$MACHINE/active" ;; start) [ -f "$MACHINE/broken" ] || : >"$MACHINE/active" ;; esac
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

export const setupScript = fileURLToPath(new URL('../../Scripts/setup-cluster.sh', import.meta.url));

const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');

/** The script with the stand-ins' sums and short deadlines: nothing else differs. */
export function withStandIns(source: string): string {
  return source
    .replace(/^(k3s_sha256_\w+)=.*$/gm, `$1=${sha256(k3s)}`)
    .replace(/^(install_sha256)=.*$/m, `$1=${sha256(installer)}`)
    .replace(/^(\w+_deadline)=\d+/gm, '$1=1');
}
