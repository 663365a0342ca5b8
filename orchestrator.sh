#!/bin/sh
# The orchestrator: ./orchestrator.sh COMMAND, or --help. It is written in TypeScript, in src/orchestrator.
set -eu

# Where this script really is, called through a symlink or not.
script=$0
while [ -L "$script" ]; do
  target=$(readlink -- "$script")
  case $target in
    /*) script=$target ;;
    *) script=$(dirname -- "$script")/$target ;;
  esac
done
root=$(CDPATH='' cd -- "$(dirname -- "$script")" && pwd -P)

exec "$root/Scripts/node.sh" "$root/src/orchestrator/main.ts" "$@"
