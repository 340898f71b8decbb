#!/usr/bin/env bash
# again.sh COMMAND…: for what is fetched from a network. Up to five tries, with longer pauses between them (AGAIN_SECONDS=5 before the second); ends as the last one did.
set -uo pipefail
pause=${AGAIN_SECONDS:-5}
for try in 1 2 3 4 5; do
  "$@" && exit 0
  status=$?
  [ "$try" = 5 ] && break
  echo "again: try $try of 5 ended with $status, next in $pause s: $*" >&2
  sleep "$pause"
  pause=$((pause * 2))
done
echo "error: ended with $status five times: $*; is the network, or what is fetched from, away?" >&2
exit "$status"
