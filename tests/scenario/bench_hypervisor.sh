#!/usr/bin/env bash
# `bench hypervisor`: all rows and columns are there, the figures are those of a machine (same in each run, and what must cost more
# does), the rows of `bench view` are there, and bad input is named. The verb `bench` itself refuses nonsense.
# usage: bench_hypervisor.sh XENOSCOPE IMAGES
set -u
xenoscope=$(realpath "$1") images=$(realpath "$2")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failed=0
fail() {
  echo "FAILED: $*"
  failed=1
}

timeout 280 "$xenoscope" bench hypervisor --rounds 1 --json all.json >table 2>err </dev/null || fail "exit code $?"
[ -s err ] && fail "not silent in a pipe: $(cat err)"
timeout 280 "$xenoscope" bench hypervisor --rounds 1 --arch ia64 >again 2>&1 </dev/null || fail "ia64 alone: exit code $?"
cmp again <(sed -n '/^ia64$/,$p' table) || fail "another run has other figures"
[ "$(grep -c '"role"' all.json)" = 9 ] || fail "JSON has not 9 columns"

# Lines of one table: names of 34 characters behind two blanks, then cells of 17. figure ARCH TABLE ROW COLUMN, columns by name
figure() {
  awk -v arch="$1" -v head="$2" -v row="$3" -v column="$4" '
    /^[a-z]/ { here = $0 == arch; next }
    here && /native/ { wanted = index($0, "  " head) == 1; head_line = $0 }
    here && wanted && substr($0, 3, length(row)) == row {
      for (at = 37; at < length($0); at += 17) {
        name = substr(head_line, at, 17); sub(/^ +/, "", name)
        if (name == column) { v = substr($0, at, 17); gsub(/ /, "", v); print v; exit }
      }
    }' table
}
number() { # a figure that must be there
  local v
  v=$(figure "$@")
  [[ "$v" =~ ^[0-9]+$ ]] || { echo "FAILED: $*: \"$v\"" >&2 && v=0 && touch bad; }
  echo "$v"
}
less() { # less ARCH TABLE ROW COLUMN ROW COLUMN
  local a b
  a=$(number "$1" "$2" "$3" "$4")
  b=$(number "$1" "$2" "$5" "$6")
  [ "$a" -lt "$b" ] || fail "$1, $2: $3 ($4) is $a, not less than $5 ($6), $b"
}

common=('system call' 'switch to another' 'page fault' 'TLB miss' 'privileged instruction: a read' 'boot')
for head in instructions cycles; do
  for arch in x86_64 ia64; do
    domains=('dom0 direct' 'dom0 translated' 'domU direct' 'domU translated')
    [ $arch = x86_64 ] || domains=('dom0 identity' 'dom0 translated' 'domU translated')
    for row in "${common[@]}"; do
      number $arch $head "$row" native >/dev/null
      for column in "${domains[@]}"; do number $arch $head "$row" "$column" >/dev/null; done
    done
    [ "$(figure $arch $head hypercall native)" = - ] || fail "$arch: a hypercall natively"
    for column in "${domains[@]}"; do
      [ "$(number $arch $head hypercall "$column")" -gt 50 ] || fail "$arch, $column: no hypercall is that cheap"
      # A system call comes back by a hypercall, or by something that is none, and through the hypervisor in any case.
      less $arch $head 'system call' native 'system call' "$column"
      less $arch $head 'switch to another' native 'switch to another' "$column"
      less $arch $head 'page fault' native 'page fault' "$column"
      less $arch $head 'privileged instruction: a read' native 'privileged instruction: a read' "$column"
      less $arch $head 'system call' "$column" 'switch to another' "$column"
    done
    less $arch $head 'system call' native 'page fault' native
    less $arch $head 'system call' native 'switch to another' native
  done
  # Who refills a TLB, and what a new page table costs.
  for role in dom0 domU; do
    less x86_64 $head 'TLB miss' "$role direct" 'TLB miss' "$role translated"
    less x86_64 $head 'switch to another' "$role direct" 'switch to another' "$role translated"
    less x86_64 $head boot "$role translated" boot "$role direct"
  done
  for column in 'dom0 identity' 'dom0 translated' 'domU translated'; do
    less ia64 $head 'the write by hyperprivop (fast)' "$column" 'the read by hyperprivop (slow)' "$column"
    less ia64 $head 'the read by hyperprivop (slow)' "$column" 'privileged instruction: a read' "$column"
    less ia64 $head 'the write by hyperprivop (fast)' "$column" 'privileged instruction: a write' "$column"
    less ia64 $head 'TLB miss' native 'TLB miss' "$column"
  done
done
grep -q hyperprivop <(sed '/^ia64$/,$d' table) && fail "hyperprivops on x86-64"
# The processor walks x86-64's tables: one instruction, whatever is missed. An IA-64 kernel does it.
[ "$(number x86_64 instructions 'TLB miss' native)" = 1 ] || fail "x86-64, native: a TLB miss takes instructions"
[ "$(number ia64 instructions 'TLB miss' native)" -gt 10 ] || fail "IA-64, native: a TLB miss takes none"
[ ! -e bad ] || failed=1

refuse() { # refuse CODE TEXT command...
  local code=$1 text=$2 got
  shift 2
  timeout 120 "$@" >out 2>&1 </dev/null
  got=$?
  [ "$got" = "$code" ] || fail "$*: exit code $got, expected $code"
  grep -qF -- "$text" out || { fail "$*: \"$text\" is not said" && head -n 8 out; }
}
# The visualizer's rows, on each architecture: pictures were made, of all the frames.
for arch in x86_64 ia64; do
  timeout 120 "$xenoscope" bench view --arch $arch --seconds 0.5 --json view.json >out 2>&1 </dev/null || fail "bench view $arch: exit code $?"
  grep -q '"machine_frames": 1048576' view.json || fail "bench view $arch: $(cat out)"
  [ "$(grep -cE '"pictures_per_second": [1-9]' view.json)" = 3 ] || fail "bench view $arch: $(cat out)"
done
refuse 4 'there are: x86, ia64, hypervisor, view' "$xenoscope" bench sparc
refuse 4 'sparc' "$xenoscope" bench hypervisor --arch sparc
refuse 4 '--payload' "$xenoscope" bench hypervisor --payload alu
refuse 4 '--arch is for bench hypervisor' "$xenoscope" bench ia64 --arch ia64
refuse 4 '--payload' "$xenoscope" bench view --payload alu
refuse 4 'one machine' "$xenoscope" bench view --arch ia64,x86_64
refuse 4 '/nowhere/at/all.json' "$xenoscope" bench hypervisor --arch ia64 --json /nowhere/at/all.json
mkdir -p empty/ia64
refuse 4 'kernel.elf' env XENOSCOPE_IMAGES="$dir/empty" "$xenoscope" bench hypervisor --arch ia64
for words in 'bench 0' 'bench many' 'bench 1 2' 'bench 1001'; do
  refuse 5 'EINVAL usage: bench [<rounds>]' "$xenoscope" boot "$images/kernel.elf" --append "programs=none do='$words'"
done

[ $failed = 0 ] && cat table
exit $failed
