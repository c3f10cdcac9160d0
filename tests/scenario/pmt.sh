#!/usr/bin/env bash
# What dom0 finds in domains' P2Ms, by the table that it may read, is what the observer finds in the machine's memory.
# usage: pmt.sh XENOSCOPE SCENARIO ARCH FORM IMAGES
set -eu
xenoscope=$(realpath "$1") scenario=$(realpath "$2") arch=$3 form=$4 images=$(realpath "$5")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$xenoscope" run "$scenario" --arch "$arch" --set "pmt=$form" --out "$dir" >"$dir/out" 2>&1 || {
  tail -n 40 "$dir/out"
  exit 1
}
python3 - "$dir/pmt" <<'EOF'
import re, struct, sys
folder = sys.argv[1]
console = open(f"{folder}/consoles/dom0.txt").read()
for domain in (1, 2):
    frames, gfns, told = re.findall(rf"p2m: domain {domain}: (\d+) of (\d+) GFNs .*: ([0-9a-f]{{16}})", console)[-1]
    pairs = [(int(g, 16), int(m, 16)) for g, m in
             re.findall(r"pfn=(0x[0-9a-f]+) ==> mfn=(0x[0-9a-f]+)", open(f"{folder}/p2m/dom{domain}.txt").read())]
    pairs = [p for p in pairs if p[0] < int(gfns)]
    value = 0xcbf29ce484222325
    for byte in b"".join(struct.pack("<QQ", *p) for p in pairs):
        value = (value ^ byte) * 0x100000001b3 % 2**64
    if len(pairs) != int(frames) or f"{value:016x}" != told:
        sys.exit(f"FAILED domain {domain}: dom0 finds {frames} frames, {told}; the machine has {len(pairs)}, {value:016x}")
    print(f"domain {domain}: {frames} frames, {told}")
EOF

# The test guest in dom0's place reads its own.
"$xenoscope" boot "$images/hypervisor.elf" --arch "$arch" --module "$images/test-pmt.elf" --memory 128 \
  --append "dom0_mem=32M dom0_model=dom0_pmt pmt=$form" >"$dir/dom0" 2>&1 || {
  tail -n 20 "$dir/dom0"
  exit 1
}
said_too="the table can be read"
case $form in *writable*) said_too="the table can be written" ;; esac
for said in "$said_too" "the table can be read" "Test result: SUCCESS"; do
  grep -qF "$said" "$dir/dom0" || {
    echo "FAILED as dom0: not said: $said"
    tail -n 20 "$dir/dom0"
    exit 1
  }
done
