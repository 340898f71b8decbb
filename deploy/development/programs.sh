#!/usr/bin/env bash
# programs.sh FOLDER: the command, the programs that it starts and the .NET runtime they need, for a machine without .NET. Run by Containerfile; needs the .NET 10 SDK.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
out=${1:?programs.sh FOLDER}
mkdir -p "$out"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
# Analyzers judge sources, not programs.
dotnet build "$root/src/KeyMeld.Cli" -c Release -p:RunAnalyzersDuringBuild=false --nologo -v q
# Built before, and not by this command: publishing would make programs of enclave and gateway that do not start without being linked ahead of time.
dotnet publish "$root/src/KeyMeld.Cli" --no-build -c Release -o "$out/keymeld" -p:ValidateExecutableReferencesMatchSelfContained=false --nologo -v q
for program in KeyMeld.DevKit KeyMeld.Enclave KeyMeld.Gateway; do
  test -x "$out/keymeld/programs/$program/$program" || { echo "$program is missing" >&2; exit 1; }
done
sdk=$(dirname "$(readlink -f "$(command -v dotnet)")")
for framework in Microsoft.NETCore.App Microsoft.AspNetCore.App; do
  newest=$(find "$sdk/shared/$framework" -mindepth 1 -maxdepth 1 -name '10.*' | sort -V | tail -n 1)
  mkdir -p "$out/dotnet/shared/$framework"
  cp -r "$newest" "$out/dotnet/shared/$framework/"
done
cp -r "$sdk/host" "$sdk/dotnet" "$out/dotnet/"
