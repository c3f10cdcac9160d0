#!/usr/bin/env bash
# Bad input to the command line: one clear error on standard error, the documented exit code, no crash.
# usage: bad_input.sh XENOSCOPE IMAGES(one architecture's)
set -u
xenoscope=$(realpath "$1") images=$(realpath "$2")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failed=0

# refuse NAME CODE TEXT command...: the exit code is CODE, TEXT is in what was printed, nothing crashed.
refuse() {
  local name=$1 code=$2 text=$3 got
  shift 3
  timeout 60 "$@" >out 2>&1 </dev/null
  got=$?
  if [ "$got" != "$code" ]; then
    echo "FAILED $name: exit code $got, expected $code"
  elif ! grep -qF -- "$text" out; then
    echo "FAILED $name: \"$text\" is not in the output"
  elif grep -qE 'terminate called|Sanitizer|internal error|Segmentation' out; then
    echo "FAILED $name: crashed"
  else
    return 0
  fi
  sed 's/^/    /' out | head -n 12
  failed=1
}

scenario() { printf '{"name":"t","steps":[%s]%s}\n' "$1" "${2:-}" >"$3"; }

# --- command line
refuse "no command" 4 "subcommand" "$xenoscope"
refuse "unknown command" 4 "make-coffee" "$xenoscope" make-coffee
refuse "unknown option" 4 "--frobnicate" "$xenoscope" run --frobnicate x.json
refuse "bad number" 4 "jobs" "$xenoscope" run -j 0 x.json
refuse "bad --set" 4 "name=value" "$xenoscope" run --set low x.json
refuse "version" 0 "xenoscope" "$xenoscope" --version
refuse "help" 0 "Examples" "$xenoscope" --help

for seed in -1 18446744073709551616 1x ''; do
  refuse "seed \"$seed\"" 4 "seed" "$xenoscope" run "--seed=$seed" x.json
done
printf '{"name":"t","parameters":{"low":16},"domains":[{"name":"w","memory":"${low}"}],"steps":[]}' >set.json
refuse "--set with a text for a number" 4 '/parameters/low: --set low=abc: must be a number' "$xenoscope" \
  validate --set low=abc set.json
refuse "--set with a number" 0 "ok" "$xenoscope" validate --set low=17 set.json

# --- scenario files
scenario '' '' plain.json
refuse "missing file" 4 "none.json: No such file" "$xenoscope" run none.json
mkdir empty
refuse "directory without scenarios" 4 "no scenario" "$xenoscope" run empty
refuse "directory to boot" 4 "empty" "$xenoscope" boot empty
printf '{"name":"t",\n "steps":[{"list":{}}' >broken.json
refuse "broken JSON" 4 "broken.json:2:2" "$xenoscope" run broken.json
printf '' >nothing.json
refuse "empty file" 4 "nothing.json:1:1" "$xenoscope" run nothing.json
head -c 200000 /dev/zero | tr '\0' '[' >deep.json
refuse "deep JSON" 4 "nested deeper" "$xenoscope" run deep.json
{
  printf '{"name":"t","steps":['
  head -c 3000000 /dev/zero | tr '\0' ' '
  printf ']}'
} >long.json
refuse "long JSON" 4 "longer than" "$xenoscope" run long.json
printf '{"name":"t\0","steps":[]}' >nul.json
refuse "NUL byte" 4 "NUL byte" "$xenoscope" run nul.json
printf '{"name":"\xff","steps":[]}' >latin.json
refuse "not UTF-8" 4 "not UTF-8" "$xenoscope" run latin.json
head -c 4096 /dev/urandom >random.json
refuse "random bytes" 4 "random.json:" "$xenoscope" run random.json
scenario '{"lsit":{}}' '' unknown.json
refuse "unknown key" 4 'unknown.json:1:30: /steps/0/lsit: unknown key "lsit"' "$xenoscope" run unknown.json
scenario '' ',"expect":[{"counters":{"hypercall.mmu_updat.NORMAL_PT_UPDATE":{"at_least":1}}}]' counter.json
refuse "misspelt counter" 4 'counter.json:1:86: /expect/0/counters/hypercall.mmu_updat.NORMAL_PT_UPDATE: no counter' \
  "$xenoscope" validate counter.json
refuse "nearest counter" 4 'the nearest name is "hypercall.mmu_update.NORMAL_PT_UPDATE"' "$xenoscope" run counter.json
scenario '' ',"machine":{"cpus":1,"warp":9}' machine.json
refuse "unknown machine key" 4 "machine.json:1:34" "$xenoscope" validate machine.json
for mib in 0 -1 1e9 99999999999999999999 '"lots"'; do
  scenario '' ",\"machine\":{\"memory_mib\":$mib}" memory.json
  refuse "machine of $mib MiB" 4 "memory" "$xenoscope" run memory.json
  scenario '' ",\"domains\":[{\"name\":\"w\",\"memory\":$mib}]" memory.json
  refuse "domain of $mib MiB" 4 "/domains/0/memory" "$xenoscope" run memory.json
done
scenario '' ',"machine":{"memory_mib":1048576}' terabyte.json
timeout 60 "$xenoscope" run terabyte.json >out 2>&1
case $? in 4 | 6) ;; *) echo "FAILED machine of 1 TiB: exit code $?" && failed=1 ;; esac
scenario '{"pause":"${who}"}' '' parameter.json
refuse "unknown parameter" 4 'no parameter "who"' "$xenoscope" run parameter.json
scenario '' ',"dom0":{"kernel":"no-such-kernel"}' kernel.json
refuse "missing image" 4 "no-such-kernel" "$xenoscope" run kernel.json
refuse "no match" 4 'contains "zzz"' "$xenoscope" run kernel.json --filter zzz
refuse "output not writable" 4 "cannot be written" "$xenoscope" run kernel.json --junit /nonexistent/x.xml
refuse "output disk full" 4 "No space left" "$xenoscope" run kernel.json --json /dev/full
refuse "standard output full" 4 "standard output" sh -c "exec '$xenoscope' list '$dir/kernel.json' >/dev/full"
refuse "artifacts below a file" 4 "xenoscope: /dev/full/t: cannot be made" "$xenoscope" run plain.json --out /dev/full
refuse "list of nothing" 4 "xenoscope: /nonexistent: No such file" "$xenoscope" list /nonexistent

for mib in 0 -1 4097 1.5 '"lots"'; do
  scenario '' ",\"dom0\":{\"disk\":{\"mib\":$mib}}" disk.json
  refuse "disk of $mib MiB" 4 "disk.json:1:46: /dom0/disk/mib" "$xenoscope" run disk.json
done
scenario '' ',"dom0":{"disk":{"mib":16}}' disk.json
XENOSCOPE_IMAGES=$(dirname "$images") refuse "no room for the disk" 4 "dom0-data.img: no room for a disk of 16 MiB: File too large" \
  bash -c "trap '' XFSZ; ulimit -f 8192; exec '$xenoscope' run disk.json"
TMPDIR=/nonexistent refuse "no directory for the disk" 4 ": cannot be made: No such file or directory" "$xenoscope" run disk.json

# --- images
hello=$images/hello.elf
refuse "missing kernel" 4 "none.elf" "$xenoscope" boot none.elf
printf 'not an ELF file, but long enough to hold a header of one: %0100d' 0 >text.elf
refuse "not ELF" 4 "text.elf" "$xenoscope" boot text.elf
: >zero.elf
refuse "empty ELF" 4 "zero.elf" "$xenoscope" boot zero.elf
for bytes in 1 16 63 64 100 200 500 2000; do
  head -c "$bytes" "$hello" >cut.elf
  refuse "ELF cut to $bytes bytes" 4 "cut.elf" "$xenoscope" boot cut.elf
  refuse "disassembly of $bytes bytes" 4 "cut.elf" "$xenoscope" disasm cut.elf
done
refuse "no PVH note" 4 "true" "$xenoscope" boot /bin/true
refuse "missing module" 4 "none.mod" "$xenoscope" boot "$hello" --module none.mod
refuse "missing disk" 4 "none.img" "$xenoscope" boot "$hello" --disk none.img
refuse "too little memory" 4 "memory" "$xenoscope" boot "$hello" --memory 1
refuse "too many cpus" 4 "cpus" "$xenoscope" boot "$hello" --cpus 99
printf '{"cpus": 1, "cpus": 2}' >twice.json
refuse "machine file with a key twice" 4 "twice.json:1:13" "$xenoscope" boot "$hello" --machine twice.json
refuse "no such function" 4 "no function" "$xenoscope" disasm "$hello" --function nonexistent_function

# --- traces
refuse "P2M of no domain" 4 "--p2m needs --domain" "$xenoscope" inspect x.trace --p2m
refuse "two questions" 4 "one at a time" "$xenoscope" inspect x.trace --frame 1 --domain 1
refuse "missing trace" 4 "none.trace" "$xenoscope" inspect none.trace
refuse "not a trace" 4 "text.elf" "$xenoscope" inspect text.elf
refuse "trace cannot be written" 4 "/nonexistent/t" "$xenoscope" boot "$hello" --trace /nonexistent/t

[ $failed = 0 ] && echo "all bad input refused"
exit $failed
