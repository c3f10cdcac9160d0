#!/usr/bin/env bash
# A planted bug is seen: the run fails, one check fires and no other, and says where, who and by what.
# usage: planted.sh XENOSCOPE ARCHITECTURE SCENARIO BUG CHECKS MESSAGE(extended regex) [NAME=VALUE...]
# CHECKS: the one that must fire first, and what else may.
set -u
xenoscope=$1 arch=$2 scenario=$3 bug=$4 checks=$5 message=$6
shift 6
settings=(--arch "$arch" --set hypervisor=hypervisor-planted --set "planted=$bug")
for setting in "$@"; do settings+=(--set "$setting"); done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$xenoscope" run "$scenario" "${settings[@]}" --out "$dir" >"$dir/text" 2>&1 </dev/null
code=$?
fail() {
  echo "FAILED: $*; the run said:"
  grep -vE '^ *$' "$dir/text" | tail -n 40
  exit 1
}
[ $code = 5 ] || fail "exit code $code, expected 5"
found=$(sed -nE 's/^ *! (.*: )?invariant: ([a-z_0-9]+: .*)$/\2/p' "$dir/text")
[ -n "$found" ] || fail "no check has fired"
others=$(cut -d: -f1 <<<"$found" | sort -u | grep -vxF -f <(tr ' ' '\n' <<<"$checks"))
[ -z "$others" ] || fail "fired: $others; expected: $checks"
first=$(head -n 1 <<<"$found")
[ "${first%%:*}" = "${checks%% *}" ] || fail "first: ${first%%:*}; expected: ${checks%% *}"
echo "$first"
grep -qE -- "$message" <<<"$first" || fail "the message does not match: $message"
grep -qE 'PC hypervisor[a-z0-9-]*\.elf: [a-z_0-9:]+|PC test-[a-z0-9-]+\.elf: [a-z_0-9:]+' <<<"$first" || fail "no PC"
