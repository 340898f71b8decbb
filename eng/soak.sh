#!/usr/bin/env bash
# soak.sh MINUTES [SEED] [more of `keymeld soak`, for example --storage postgres]: half of the time gateway, enclaves, KMS and a PostgreSQL server of a published stack are killed at random
# under load, the other half nothing is and memory is watched.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
minutes=${1:?how many minutes, for example 30}
shift
seed=1
case ${1:-} in [0-9]*) seed=$1; shift ;; esac
"$root/eng/publish.sh"
export KEYMELD_PROGRAMS="$root/artifacts/published"
exec "$root/keymeld" soak --data "$root/data/soak" --turbulent "$((minutes * 30))s" --calm "$((minutes * 30))s" --seed "$seed" "$@"
