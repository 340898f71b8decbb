#!/usr/bin/env bash
# Two builds of the enclave image from two copies of the source, in folders of different names and depths, must be equal to the byte. Keeps neither.
# The kernel is a stand-in: what is proved is everything this project makes itself.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/keymeld-reproducible.XXXXXX")
trap 'rm -rf "$work"' EXIT
printf 'stand-in kernel' >"$work/kernel"
sed '/^ *#/d' "$root/deploy/enclave/enclave.yaml" >"$work/enclave.yaml"
[ -n "${KEYMELD:-}" ] || { "$root/keymeld" --help >/dev/null; KEYMELD=$root/keymeld; }
copies=(one some/where/else/two)
# Both before either is built: the tree may change meanwhile.
for copy in "${copies[@]}"; do
  mkdir -p "$work/$copy"
  (cd "$root" && git ls-files -z --cached --others --exclude-standard | tar --null --files-from=- --ignore-failed-read -cf - 2>/dev/null) | tar -xf - -C "$work/$copy"
  mkdir -p "$work/$copy/artifacts" && cp -r "$root/artifacts/native" "$work/$copy/artifacts/native"
done
for copy in "${copies[@]}"; do
  KEYMELD="$KEYMELD" "$work/$copy/deploy/enclave/build.sh" --config "$work/enclave.yaml" --kernel "$work/kernel" --out "$work/$copy/image"
done
a="$work/one" b="$work/some/where/else/two"
diff "$a/image/parts.sha256" "$b/image/parts.sha256"
cmp "$a/image/enclave.eif" "$b/image/enclave.eif"
if grep -aq "$work" "$a/image/enclave.eif"; then echo "error: the image holds the path it was built in" >&2; exit 1; fi
echo "two builds, one image: $(sha256sum <"$a/image/enclave.eif" | cut -d' ' -f1), $(wc -c <"$a/image/enclave.eif") bytes"
