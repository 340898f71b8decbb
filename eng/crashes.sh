#!/usr/bin/env bash
# Kills enclaves and gateways at the steps of hundreds of geneses, unseals and key changes: eng/crashes.sh [LIVES]. With KEYMELD_PROGRAMS the published programs,
# which start ten times as fast.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
dotnet build "$root/tests/KeyMeld.Tests" --nologo -v q
KEYMELD_CRASHES=${1:-200} "$root/artifacts/bin/KeyMeld.Tests/release/KeyMeld.Tests" -namespace KeyMeld.Tests.Crashes
