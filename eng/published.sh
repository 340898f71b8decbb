#!/usr/bin/env bash
# Publishes enclave and gateway with native AOT, refuses any trim or AOT warning and any library beside the system's, and runs on the published programs what must
# hold of the programs themselves: how an enclave starts, what it says to liars, that the gateway answers every call of its API, that no crash loses a key, and the end-to-end KMS check.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
out="$root/artifacts/published"
"$root/eng/publish.sh"

# libsecp256k1 is part of the program; OpenSSL (libssl.so.3, libcrypto.so.3) is opened by name at run time.
extra=$(ldd "$out/KeyMeld.Enclave/KeyMeld.Enclave" | awk '{print $1}' | grep -vE '^(linux-vdso\.so\.1|lib(c|m|dl|pthread|rt)\.so\.[0-9]+|/.*/ld-linux.*)$' || true)
[ -z "$extra" ] || { echo "KeyMeld.Enclave needs more than libc and libm: $extra"; exit 1; }
[ ! -e "$out/KeyMeld.Enclave/libsecp256k1.so" ] || { echo "libsecp256k1 lies beside the enclave instead of in it"; exit 1; }

export KEYMELD_PROGRAMS="$out"
tests="$root/artifacts/bin/KeyMeld.Tests/release/KeyMeld.Tests"
[ -x "$tests" ] || dotnet build "$root/tests/KeyMeld.Tests" --nologo -v q
"$tests" -namespace KeyMeld.Tests.Enclave.Processes -noColor
"$tests" -namespace KeyMeld.Tests.Gateway.Processes -noColor
KEYMELD_CRASHES=12 "$tests" -namespace KeyMeld.Tests.Crashes -noColor
"$root/keymeld" test-kms-e2e --data "$root/artifacts/published-data"
