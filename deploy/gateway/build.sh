#!/usr/bin/env bash
# build.sh [--context DIR] [TAG]: publishes the gateway and makes its image with podman or docker. With --context only the context is made, for a builder elsewhere.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
context=
if [ "${1:-}" = --context ]; then context=$2; shift 2; fi
tag=${1:-keymeld-gateway:latest}
published=${KEYMELD_PUBLISHED:-$root/artifacts/published}
[ -n "${KEYMELD_PUBLISHED:-}" ] || "$root/eng/publish.sh"
folder=${context:-$(mktemp -d)}
mkdir -p "$folder"
cp "$root/deploy/gateway/Containerfile" "$root/deploy/gateway/healthcheck" "$published/KeyMeld.Gateway/KeyMeld.Gateway" "$published/KeyMeld.Gateway/libe_sqlite3.so" "$folder/"
[ -z "$context" ] || exit 0
trap 'rm -rf "$folder"' EXIT
builder=$(command -v podman || command -v docker) || { echo "neither podman nor docker is there; use --context DIR" >&2; exit 1; }
"$builder" build ${BASE:+--build-arg "BASE=$BASE"} --file "$folder/Containerfile" --tag "$tag" "$folder"
