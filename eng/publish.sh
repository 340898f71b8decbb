#!/usr/bin/env bash
# Publishes enclave and gateway with native AOT into artifacts/published and refuses any trim or AOT warning. Does nothing when the sources are older than that.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
out="$root/artifacts/published"
if [ -e "$out/.done" ] && [ -z "$(find "$root/src" "$root/docs/api" "$root"/eng/*.targets "$root"/Directory.*.props "$root/global.json" -newer "$out/.done" -type f -print -quit)" ]; then
  exit 0
fi
rm -rf "$out"
mkdir -p "$out"
started=$(mktemp "$root/artifacts/.publish.XXXXXX")
for project in KeyMeld.Enclave KeyMeld.Gateway; do
  log="$root/artifacts/publish-$project.log"
  echo "publishing $project"
  dotnet publish "$root/src/$project" -r linux-x64 -c Release -o "$out/$project" -p:CppCompilerAndLinker="$(command -v clang || command -v gcc)" --nologo -v n >"$log" 2>&1 ||
    { grep -E 'error|warning IL' "$log" | sort -u | head -n 20; exit 1; }
  warnings=$(grep -cE 'warning IL[0-9]+' "$log" || true)
  [ "$warnings" = 0 ] || { echo "$project: $warnings trim or AOT warnings"; grep -E 'warning IL[0-9]+' "$log" | sort -u | head -n 20; exit 1; }
  ls -la "$out/$project/$project" | awk '{print $5 " bytes, 0 trim or AOT warnings"}'
done
mv "$started" "$out/.done"
