#!/bin/sh
# Makes this machine a node of the cluster. Runs inside the machine, as root; run again, it changes only what differs.
#
#   setup-cluster.sh server NAME ADDRESS [OTHER_NAME]      the K3s server; OTHER_NAME: what else clients call it
#   setup-cluster.sh agent  NAME ADDRESS SERVER_ADDRESS    an agent, which joins that server
#   setup-cluster.sh forget NAME                           on the server: a node whose machine was made anew may join again
#
# Beside this script stand the secrets: server-token and agent-token (server), agent-token and NAME.node-password (agent).
# `k3s` and `install.sh` are taken from there too; where they are missing they are downloaded.
set -eu
umask 022

# What is installed. src/orchestrator/k3s/pins.ts reads these lines. To renew: take the sums from the release's
# sha256sum-*.txt, those of install.sh from a commit of github.com/k3s-io/k3s that you have read.
k3s_version=v1.36.4+k3s1
k3s_sha256_amd64=835873f37245fc615f547a2fe2af9402a347875f13fa64a1f136de644955ea3f
k3s_sha256_arm64=c920706346d5ad4e5cd3c7bf1bb09ce71ebe07fec829e513e40f1caf98aed8bb
install_commit=2977c525a2e7a487886107ce4df43630ae9b03b2
install_sha256=e5cc3b3d9dfc1662c2d9be6da5abc9a4cd317d6abc3a5ffc02e3dd3248207fee

# How long is waited, in seconds.
address_deadline=60  # the network of a machine that has just started
clock_deadline=30    # the first answer of a time server
server_deadline=300  # the server starts from nothing on a slow disk
start_deadline=300   # K3s unpacks itself, makes certificates, joins
download_deadline=600
max_skew=5 # certificates and leases suffer beyond it

root=${CLUSTER_ROOT:-} # a folder in place of /, for the tests
etc=$root/etc/rancher/k3s
bin=$root/usr/local/bin/k3s
mark=$root/etc/rancher/.made-by-setup-cluster # not in $etc, which k3s-uninstall.sh removes long before its end
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)

say() { printf '%s\n' "$*"; }
fail() {
  printf 'error: %s\n' "$1" >&2
  shift
  for line; do printf '  %s\n' "$line" >&2; done
  exit 1
}
usage() {
  sed -n '4,6s/^# *//p' "$0" >&2
  exit 2
}

# A clock that no time server turns.
uptime_seconds() {
  read -r up _ </proc/uptime
  printf '%s' "${up%%.*}"
}

# wait_for WHAT SECONDS COMMAND…: until the command succeeds; what it prints last is the state told at the deadline.
wait_for() {
  what=$1
  end=$(($(uptime_seconds) + $2))
  shift 2
  until state=$("$@" 2>&1); do
    if [ "$(uptime_seconds)" -ge "$end" ]; then
      printf 'waited in vain for %s; last state: %s\n' "$what" "${state:-nothing}" >&2
      return 1
    fi
    sleep 1
  done
}

# put FILE MODE: stdin becomes the file, in one step, and only when it differs.
put() {
  (umask 077 && cat >"$1.new")
  chmod "$2" "$1.new"
  if cmp -s "$1.new" "$1"; then
    rm -f "$1.new"
    chmod "$2" "$1"
  else
    mv -f "$1.new" "$1"
    say "wrote $1"
  fi
}

check_machine() {
  [ "$(id -u)" = 0 ] || fail "root is needed." "sudo $0 …"
  for program in systemctl ip curl sha256sum flock; do
    command -v "$program" >/dev/null ||
      fail "$program is missing on this machine." "Debian, Ubuntu: apt-get install systemd iproute2 curl coreutils util-linux"
  done
  # Kubelets from 1.35 on refuse the old control groups.
  [ "$(stat -fc %T "$root/sys/fs/cgroup")" = cgroup2fs ] ||
    fail "this machine has cgroup v1; Kubernetes needs cgroup v2." \
      "Take Ubuntu 22.04, Debian 11 or newer, or start the kernel with systemd.unified_cgroup_hierarchy=1"
  case $(uname -m) in
    x86_64) arch=amd64 sha256=$k3s_sha256_amd64 asset=k3s ;;
    aarch64 | arm64) arch=arm64 sha256=$k3s_sha256_arm64 asset=k3s-arm64 ;;
    *) fail "there is no pinned K3s for $(uname -m)." "Take a machine with an amd64 or arm64 processor." ;;
  esac
}

# Without the card's name, flannel takes the one of the default route: on VirtualBox the NAT card, alike on all machines.
find_interface() {
  ip -o -4 addr show | awk -v address="$address/" 'index($4, address) == 1 { print $2; found = 1; exit } END { exit !found }'
}
wait_for_address() {
  wait_for "a network card with the address $address" "$address_deadline" find_interface || {
    ip -o -4 addr show | awk '{ print "  " $2 " has " $4 }' >&2
    fail "no network card of this machine has the address $address." "Vagrant: vagrant reload --no-provision $name"
  }
  interface=$state
}

is_clock_synchronised() {
  synchronised=$(timedatectl show -p NTPSynchronized --value) || return
  echo "NTPSynchronized=$synchronised"
  [ "$synchronised" = yes ]
}
# Not every network has a time server: the machines must agree with each other, and that is checked by the agent.
wait_for_clock() {
  command -v timedatectl >/dev/null || return 0
  wait_for "the clock, synchronised by a time server" "$clock_deadline" is_clock_synchronised ||
    say "warning: going on with the clock as it is, $(date -u)"
}

# Any HTTP answer will do: at first it is 503.
ask_server() { curl -ksS --noproxy '*' --max-time 5 -o /dev/null -D - "https://$server:6443/ping"; }
is_clock_like_servers() {
  theirs=$(ask_server | tr -d '\r' | sed -n 's/^[Dd]ate: //p')
  [ -n "$theirs" ] || return
  skew=$(($(date +%s) - $(date -d "$theirs" +%s)))
  echo "this clock minus the server's: $skew s"
  [ "${skew#-}" -le "$max_skew" ]
}
wait_for_server() {
  wait_for "the server's https://$server:6443" "$server_deadline" ask_server ||
    fail "the server does not answer, so there is nothing to join." \
      "On the server: systemctl status k3s; journalctl -u k3s -n 40" "Between the machines: ping $server; no firewall on 6443/tcp"
  wait_for "a clock as the server's" "$clock_deadline" is_clock_like_servers ||
    fail "the clock differs from the server's by more than $max_skew s." "timedatectl set-ntp true, or set both by hand: date -s"
}

# By the mark `create` and `destroy` know a machine of ours. It comes before all else that is written, and goes last.
claim_machine() {
  [ ! -e "$mark" ] || return 0
  for trace in "$etc/config.yaml" "$bin" "$root"/etc/systemd/system/k3s*.service; do
    [ ! -e "$trace" ] || fail "this machine has a K3s that this script did not set up." "There is $trace." \
      "Remove it with all its data (k3s-uninstall.sh, on an agent k3s-agent-uninstall.sh), or take another machine."
  done
  mkdir -p "${mark%/*}"
  : >"$mark"
}

# Made of hex digits on the host; never seen on a command line.
take_secret() { # FROM TO
  [ -f "$here/$1" ] || [ -f "$2" ] || fail "there is neither $here/$1 nor $2." "The secrets must stand beside this script."
  [ ! -f "$here/$1" ] || put "$2" 0600 <"$here/$1"
}
take_secrets() {
  install -d -m 0700 "$etc"
  take_secret agent-token "$etc/agent-token"
  if [ "$role" = server ]; then
    # What the cluster has stored is encrypted with its first token: that one stays.
    [ -f "$etc/token" ] || take_secret server-token "$etc/token"
  elif [ ! -f "$root/etc/rancher/node/password" ] && [ -f "$here/$name.node-password" ]; then
    # By this password the server knows the node again when its machine is made anew.
    mkdir -p "$root/etc/rancher/node"
    put "$root/etc/rancher/node/password" 0600 <"$here/$name.node-password"
  fi
}
drop_uploaded_secrets() { rm -f "$here/server-token" "$here/agent-token" "$here/$name.node-password"; }

config_of_node() {
  cat <<YAML
node-name: $name
node-ip: $address
flannel-iface: $interface
protect-kernel-defaults: true # with the sysctls below
kubelet-arg:
  - config=$etc/kubelet.yaml
YAML
  # Where systemd-resolved runs, /etc/resolv.conf names a stub on 127.0.0.53, which means another place inside a pod.
  if [ -f "$root/run/systemd/resolve/resolv.conf" ]; then
    echo "  - resolv-conf=$root/run/systemd/resolve/resolv.conf"
  fi
}
config_of_agent() {
  cat <<YAML
server: https://$server:6443
token-file: $etc/agent-token
YAML
}
config_of_server() {
  cat <<YAML
advertise-address: $address
tls-san: [$address, $name${other:+, $other}]
token-file: $etc/token
agent-token-file: $etc/agent-token # agents get only this one
write-kubeconfig-mode: "0600"
secrets-encryption: true
disable: [traefik, servicelb] # the system is reached through a NodePort
kube-apiserver-arg:
  - audit-policy-file=$etc/audit.yaml
  - audit-log-path=$root/var/lib/rancher/k3s/server/logs/audit.log
  - audit-log-maxage=30
  - audit-log-maxbackup=5
  - audit-log-maxsize=20
YAML
}
kubelet_config() {
  cat <<'YAML'
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
# At the machine's shutdown pods get this long to end, so that databases close their files.
shutdownGracePeriod: 60s
shutdownGracePeriodCriticalPods: 10s
YAML
}
audit_policy() {
  cat <<'YAML'
# Who changed what, and who read Secrets; never a body, so that no secret stands in the log.
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
    resources: [{ group: '', resources: [secrets] }]
  - level: None
    verbs: [get, list, watch]
  - level: None
    resources: [{ group: coordination.k8s.io, resources: [leases] }, { group: '', resources: [events] }]
  - level: Metadata
YAML
}

write_configuration() {
  {
    config_of_node
    "config_of_$role"
  } | put "$etc/config.yaml" 0600
  kubelet_config | put "$etc/kubelet.yaml" 0600
  if [ "$role" = server ]; then
    audit_policy | put "$etc/audit.yaml" 0600
    install -d -m 0700 "$root/var/lib/rancher/k3s/server/logs"
  fi
}
write_system_settings() {
  mkdir -p "$root/etc/sysctl.d" "$root/etc/systemd/logind.conf.d"
  # What protect-kernel-defaults asks for.
  put "$root/etc/sysctl.d/90-kubelet.conf" 0644 <<'CONF'
vm.panic_on_oom=0
vm.overcommit_memory=1
kernel.panic=10
kernel.panic_on_oops=1
CONF
  sysctl -q -p "$root/etc/sysctl.d/90-kubelet.conf"
  # As long as the kubelet's shutdownGracePeriod; logind's own limit is 5 s.
  printf '[Login]\nInhibitDelayMaxSec=60\n' | put "$root/etc/systemd/logind.conf.d/90-kubelet.conf" 0644
  systemctl kill --signal=HUP systemd-logind || say "warning: systemd-logind does not run: pods get no time at a shutdown"
}

has_sha256() { # FILE SHA256
  [ -f "$1" ] && [ "$(sha256sum <"$1")" = "$2  -" ]
}
# obtain FILE NAME SHA256 URL: the uploaded file, or a download; used only with the pinned sum.
obtain() {
  if [ -f "$here/$2" ]; then
    cp "$here/$2" "$1"
    source=$here/$2
  else
    say "downloading $4"
    source=$4
    curl -fsSL --retry 3 --connect-timeout 10 --max-time "$download_deadline" -o "$1" "$4" ||
      fail "$4 could not be downloaded." "This machine needs a way to github.com; or let the orchestrator bring the files."
  fi
  has_sha256 "$1" "$3" || {
    found=$(sha256sum <"$1")
    rm -f "$1"
    fail "$source has the wrong sha256, and was not used." "expected $3" "found    ${found%% *}"
  }
}
install_k3s() {
  if has_sha256 "$bin" "$sha256" && systemctl is-enabled --quiet "$unit"; then return; fi
  mkdir -p "$root/usr/local/bin"
  installer=$(mktemp)
  obtain "$installer" install.sh "$install_sha256" \
    "https://raw.githubusercontent.com/k3s-io/k3s/$install_commit/install.sh"
  if ! has_sha256 "$bin" "$sha256"; then
    obtain "$bin.new" k3s "$sha256" "https://github.com/k3s-io/k3s/releases/download/$k3s_version/$asset"
    chmod 0755 "$bin.new"
    mv -f "$bin.new" "$bin"
  fi
  say "installing K3s $k3s_version ($arch)"
  INSTALL_K3S_SKIP_DOWNLOAD=true INSTALL_K3S_SKIP_START=true sh "$installer" "$role"
  rm -f "$installer"
}

# A restart is needed when one of these has changed since the service last came up.
fingerprint() {
  for file in config.yaml kubelet.yaml audit.yaml token agent-token; do
    [ ! -f "$etc/$file" ] || sha256sum <"$etc/$file"
  done
  echo "$sha256"
}
is_active() {
  systemctl is-active "$unit"
}
# The kubelet's own credentials: an agent has no others, and each node may read itself.
is_node_ready() {
  ready=$("$bin" kubectl --kubeconfig "$root/var/lib/rancher/k3s/agent/kubelet.kubeconfig" --request-timeout=5s \
    get node "$name" -o 'jsonpath={range .status.conditions[?(@.type=="Ready")]}Ready={.status} {.message}{end}' 2>&1) || ready="unknown: $ready"
  echo "$ready"
  case $ready in Ready=True*) ;; *) return 1 ;; esac
}
show_journal() {
  say "The end of its log (journalctl -u $unit):" >&2
  journalctl -u "$unit" -n 40 --no-pager >&2 || true
}
start_service() {
  if [ "$(fingerprint)" = "$(cat "$etc/.applied" 2>/dev/null)" ] && is_active >/dev/null; then
    say "$unit runs as it should"
  else
    rm -f "$etc/.applied"
    say "starting $unit"
    systemctl stop "$unit"
    # Without waiting: systemd would do so for ever for an agent that cannot join.
    systemctl start --no-block "$unit"
  fi
  { wait_for "$unit" "$start_deadline" is_active && wait_for "the node $name" "$start_deadline" is_node_ready; } || {
    show_journal
    fail "$unit does not work."
  }
  fingerprint | put "$etc/.applied" 0600 >/dev/null
  say "the node $name is ready"
}

set_up() {
  check_machine
  mkdir -p "$root/run/lock"
  exec 9>"$root/run/lock/setup-cluster"
  flock -w "$start_deadline" 9 || fail "another run of this script is at work on this machine."
  wait_for_address
  wait_for_clock
  [ "$role" = server ] || wait_for_server
  claim_machine
  take_secrets
  write_configuration
  write_system_settings
  install_k3s
  start_service
  drop_uploaded_secrets
}

# https://docs.k3s.io/architecture#how-agent-node-registration-works: a name comes with a password, made on the machine.
forget() {
  for object in "node/$1" "secret/$1.node-password.k3s"; do
    "$bin" kubectl -n kube-system delete "$object" --ignore-not-found --timeout=60s
  done
}

case ${1-}:$# in
  server:1 | server:[34])
    role=server unit=k3s name=${2-master} address=${3-192.168.56.10} other=${4-}
    set_up
    ;;
  agent:1 | agent:4)
    role=agent unit=k3s-agent name=${2-agent} address=${3-192.168.56.11} server=${4-192.168.56.10}
    set_up
    ;;
  forget:2) forget "$2" ;;
  *) usage ;;
esac
