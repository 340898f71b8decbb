#!/usr/bin/env bash
# fuzz.sh TARGET [SECONDS]: a long run with coverage, by libfuzzer-dotnet or afl-fuzz, whichever is installed; else by the managed runner with changing seeds.
# `fuzz.sh list` shows the targets. What is found is kept in artifacts/fuzz; a mended fault's input belongs into tests/KeyMeld.Fuzz/regressions/TARGET.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
target=${1:?TARGET (fuzz.sh list)} seconds=${2:-3600}
out="$root/artifacts/fuzz-build"
dotnet publish "$root/tests/KeyMeld.Fuzz" -c Release -o "$out" --nologo -v q
run=("$out/KeyMeld.Fuzz")
if [ "$target" = list ]; then exec "${run[@]}" list; fi
corpus="$root/artifacts/fuzz-corpus/$target"
"${run[@]}" seeds "$target" "$corpus"
instrument() { # the assemblies with the parsers; needs the tool SharpFuzz.CommandLine
  command -v sharpfuzz >/dev/null || dotnet tool install --global SharpFuzz.CommandLine >/dev/null
  for assembly in KeyMeld.Attestation KeyMeld.Images KeyMeld.Protocol KeyMeld.Enclave; do PATH="$PATH:$HOME/.dotnet/tools" sharpfuzz "$out/$assembly.dll"; done
}
if command -v libfuzzer-dotnet >/dev/null; then
  instrument
  exec libfuzzer-dotnet --target_path="$out/KeyMeld.Fuzz" --target_arg="libfuzzer $target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 "$corpus"
elif command -v afl-fuzz >/dev/null; then
  instrument
  AFL_SKIP_BIN_CHECK=1 exec afl-fuzz -V "$seconds" -t 10000 -m none -i "$corpus" -o "$root/artifacts/fuzz-afl/$target" "$out/KeyMeld.Fuzz" afl "$target"
fi
echo "neither libfuzzer-dotnet nor afl-fuzz is installed: changing inputs without coverage"
end=$((SECONDS + seconds))
for ((seed = 2; SECONDS < end; seed++)); do "${run[@]}" check --seed "$seed" --runs 20000 "$target"; done
