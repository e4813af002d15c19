#!/usr/bin/env bash
# Installs the identity provider that the sign-in tests talk to: Node where it is missing (Debian and Ubuntu, as root or
# with sudo), then the locked packages from the npm registry. Does nothing where all is there.
set -euo pipefail
cd "$(dirname "$0")"
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  if ! command -v apt-get >/dev/null; then
    echo "please install: nodejs npm" >&2
    exit 1
  fi
  run=()
  [ "$(id -u)" -eq 0 ] || run=(sudo)
  export DEBIAN_FRONTEND=noninteractive
  "${run[@]}" apt-get update -qq
  "${run[@]}" apt-get install -y -qq --no-install-recommends nodejs npm
fi
[ node_modules/.package-lock.json -nt package-lock.json ] && exit 0
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
touch node_modules/.package-lock.json
