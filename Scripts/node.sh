#!/bin/sh
# Runs a program of this repository with Node >= 24.12: Scripts/node.sh PROGRAM [ARGUMENT…]
# First it makes sure that node_modules is what package-lock.json says; the Node that is used comes from there as well,
# so that a machine with an older Node will do.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
modules=$root/node_modules
work=$root/.local
lock=$work/install.lock
log=$work/npm-ci.log
npm_pid=

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "error: $1"
  shift
  for line; do say "  $line"; done
  exit 67
}

is_new_enough() {
  version=$("$1" --version 2>/dev/null) || return 1
  version=${version#v}
  major=${version%%.*}
  minor=${version#*.}
  minor=${minor%%.*}
  [ "$major" -gt 24 ] || { [ "$major" -eq 24 ] && [ "$minor" -ge 12 ]; }
}

find_node() {
  for node in "$modules/.bin/node" "$(command -v node || true)"; do
    if [ -x "$node" ] && is_new_enough "$node"; then return 0; fi
  done
  return 1
}

# npm writes .package-lock.json last; what was interrupted has none, what is older than the lock has an older one.
is_installed() {
  [ -f "$modules/.package-lock.json" ] &&
    [ -z "$(find "$root/package-lock.json" -newer "$modules/.package-lock.json")" ] &&
    find_node
}

unlock() { rm -rf "$lock"; }

# A folder is made by one process only. A dead owner's folder is removed under a second such lock, looked at again inside
# it, so that nobody removes the folder of an owner who has just come.
take_lock() {
  waited=0
  until mkdir "$lock" 2>/dev/null; do
    owner=$(cat "$lock/pid" 2>/dev/null || true)
    if [ -n "$owner" ] && ! ps_alive "$owner" && mkdir "$lock.takeover" 2>/dev/null; then
      if [ "$(cat "$lock/pid" 2>/dev/null || true)" = "$owner" ]; then unlock; fi
      rmdir "$lock.takeover"
      continue
    fi
    [ "$waited" -gt 0 ] || say "Waiting for another run (pid ${owner:-unknown}) to install the dependencies …"
    waited=$((waited + 1))
    [ "$waited" -lt 600 ] || fail "Another run has held $lock for 10 minutes." "If there is none: rm -rf '$lock' '$lock.takeover'"
    sleep 1
  done
  echo $$ >"$lock/pid"
}

# Somebody else's process cannot be signalled, but it is there.
ps_alive() { kill -0 "$1" 2>/dev/null || [ -d "/proc/$1" ]; }

# Not before npm has ended: it would go on writing beside the next run's.
interrupted() {
  if [ -n "$npm_pid" ]; then
    kill "$npm_pid" 2>/dev/null || true
    wait "$npm_pid" || true
  fi
  unlock
  say "Interrupted. The next run installs the dependencies anew."
  exit 130
}

# Shows that something happens: the same line again on a terminal, a line every 15 seconds elsewhere.
wait_for_npm() {
  seconds=0
  while kill -0 "$npm_pid" 2>/dev/null; do
    if [ -t 2 ] && [ -z "${CI:-}" ]; then
      printf '\rInstalling the dependencies (npm ci) … %s s ' "$seconds" >&2
    elif [ $((seconds % 15)) -eq 0 ]; then
      say "Installing the dependencies (npm ci) … $seconds s"
    fi
    sleep 1
    seconds=$((seconds + 1))
  done
  if [ -t 2 ] && [ -z "${CI:-}" ]; then printf '\r\033[K' >&2; fi
  wait "$npm_pid"
}

install() {
  if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
    fail "Node.js and npm are needed (any Node from 20 on), and are not on this machine." \
      "Debian, Ubuntu: sudo apt-get install nodejs npm    Fedora: sudo dnf install nodejs    macOS: brew install node" \
      "or from https://nodejs.org"
  fi
  if ! mkdir -p "$work" 2>/dev/null || [ ! -w "$root" ]; then
    fail "$root cannot be written by $(id -un)." "sudo chown -R $(id -un) '$root'"
  fi
  take_lock
  trap interrupted INT TERM HUP
  if ! is_installed; then
    npm_ci || {
      unlock
      grep -E '^npm (error|ERR!) ' "$log" | head -n 12 >&2 || tail -n 12 "$log" >&2
      fail "npm ci failed; everything it said is in $log" \
        "EUSAGE: package.json and package-lock.json do not agree: git status, git checkout package-lock.json" \
        "EACCES: a file belongs to somebody else: sudo chown -R $(id -un) '$root'    ENOSPC: the disk is full" \
        "else the network: npm ping must work, through a proxy perhaps (npm config set proxy URL). Then run again."
    }
  fi
  unlock
  trap - INT TERM HUP
}

# The user's npm may be set to leave out what is needed here; said explicitly it does not. The files must be readable for
# the user that runs PostgreSQL when we are root.
npm_ci() {
  (
    umask 022
    cd "$root"
    if [ ! -w "${HOME:-/nonexistent}" ]; then
      export npm_config_cache="$work/npm-cache" npm_config_userconfig="$work/npmrc"
    fi
    exec npm ci --include=dev --include=optional --ignore-scripts=false --no-audit --no-fund
  ) >"$log" 2>&1 </dev/null &
  npm_pid=$!
  wait_for_npm
}

if ! is_installed; then
  install
  find_node || fail "npm installed no Node >= 24.12 that runs here ($modules/.bin/node)." \
    "Allow npm to run install scripts (npm config get ignore-scripts), delete node_modules and run again," \
    "or put a Node >= 24.12 into PATH: https://nodejs.org"
fi

# Programs start faster the second time; what they start in turn uses the same Node.
export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$modules/.cache/compile}"
export PATH="$modules/.bin:$PATH"
exec "$node" "$@"
