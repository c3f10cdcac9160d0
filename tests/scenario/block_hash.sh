#!/usr/bin/env bash
# A file of dom0's archive that domains read as a disk: all of them and dom0 find the same FNV-1a hash.
# usage: block_hash.sh XENOSCOPE SCENARIO ARCH
set -eu
xenoscope=$(realpath "$1") scenario=$(realpath "$2") arch=$3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$xenoscope" run "$scenario" --arch "$arch" --out "$dir" >"$dir/out" 2>&1 || {
  tail -n 40 "$dir/out"
  exit 1
}
consoles=$dir/block/consoles
in_dom0=$(grep -E '^[0-9a-f]{16} kernel$' "$consoles/operator.txt" | cut -d' ' -f1)
for console in dom1 dom2; do
  in_domain=$(sed -n 's/^block: \([0-9a-f]\{16\}\) xvdb$/\1/p' "$consoles/$console.txt")
  if [ -z "$in_dom0" ] || [ "$in_domain" != "$in_dom0" ]; then
    echo "FAILED $console reads $in_domain, dom0 $in_dom0"
    exit 1
  fi
done
echo "all read $in_dom0"
