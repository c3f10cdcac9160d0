#!/usr/bin/env bash
# A planted bug that no check of the observer's is about is seen by the test guest that it harms.
# usage: planted_guest.sh XENOSCOPE ARCHITECTURE SCENARIO BUG MESSAGE(extended regex, what the guest says)
set -u
xenoscope=$1 arch=$2 scenario=$3 bug=$4 message=$5
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$xenoscope" run "$scenario" --arch "$arch" --set hypervisor=hypervisor-planted --set "planted=$bug" --out "$dir" \
  >"$dir/text" 2>&1 </dev/null && { echo "FAILED: the run succeeds"; exit 1; }
grep -E -m 1 -- "FAILED: $message" "$dir/text" && exit
echo "FAILED: no guest says '$message'; the run said:"
tail -n 40 "$dir/text"
exit 1
