#!/usr/bin/env bash
# publish-enclave.sh OUT: the enclave with native AOT, the same bytes from whatever folder the source lies in.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd)
log="$root/artifacts/publish-reproducible.log"
mkdir -p "$root/artifacts"
# An artifacts folder of its own: what an ordinary build compiled knows this folder's name. No symbols beside it: their names and checksum would tell it too.
if ! dotnet publish "$root/src/KeyMeld.Enclave" -r linux-x64 -c Release -o "$out" --nologo -v q --artifacts-path "$root/artifacts/reproducible" \
  -p:PathMap="$root/=/keymeld/" -p:ContinuousIntegrationBuild=true -p:IncludeSourceRevisionInInformationalVersion=false -p:DebugType=none -p:NativeDebugSymbols=false -p:StripSymbols=false \
  -p:CppCompilerAndLinker="$(command -v clang || command -v gcc)" >"$log" 2>&1; then
  grep -E 'error|warning IL' "$log" | sort -u | head -n 20 >&2
  exit 1
fi
# The linker's build id is a hash of the symbols too, and with them of paths.
strip --strip-all --remove-section=.note.gnu.build-id "$out/KeyMeld.Enclave"
