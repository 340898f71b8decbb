#!/usr/bin/env bash
# Publishes enclave and gateway with native AOT, refuses any trim or AOT warning, and runs the end-to-end KMS check on the published programs.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
out="$root/artifacts/published"
rm -rf "$out"
for project in KeyMeld.Enclave KeyMeld.Gateway; do
  log="$root/artifacts/publish-$project.log"
  echo "publishing $project"
  dotnet publish "$root/src/$project" -r linux-x64 -c Release -o "$out/$project" -p:CppCompilerAndLinker="$(command -v clang || command -v gcc)" --nologo -v n >"$log" 2>&1 ||
    { grep -E 'error|warning IL' "$log" | sort -u | head -n 20; exit 1; }
  warnings=$(grep -cE 'warning IL[0-9]+' "$log" || true)
  [ "$warnings" = 0 ] || { echo "$project: $warnings trim or AOT warnings"; grep -E 'warning IL[0-9]+' "$log" | sort -u | head -n 20; exit 1; }
  ls -la "$out/$project/$project" | awk '{print $5 " bytes, 0 trim or AOT warnings"}'
done
KEYMELD_PROGRAMS="$out" "$root/keymeld" test-kms-e2e --data "$root/artifacts/published-data"
