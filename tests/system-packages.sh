#!/usr/bin/env bash
# Installs the system packages that the tests need (Debian and Ubuntu, as root or with sudo); elsewhere says which.
set -euo pipefail
needed=()
command -v chromium >/dev/null || needed+=(chromium)
command -v java >/dev/null || needed+=(default-jre-headless)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || needed+=(postgresql)
[ ${#needed[@]} -eq 0 ] && exit 0
if ! command -v apt-get >/dev/null; then
  echo "please install: ${needed[*]}" >&2
  exit 1
fi
run=()
[ "$(id -u)" -eq 0 ] || run=(sudo)
export DEBIAN_FRONTEND=noninteractive
"${run[@]}" apt-get update -qq
"${run[@]}" apt-get install -y -qq --no-install-recommends "${needed[@]}"
