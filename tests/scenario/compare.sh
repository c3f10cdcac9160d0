#!/usr/bin/env bash
# `compare`: a column is what a plain `run` with these settings says; columns differ where architectures and memory models do;
# what an architecture does not have, and bad input, are named.
# usage: compare.sh XENOSCOPE SCENARIOS
set -u
xenoscope=$(realpath "$1") scenarios=$(realpath "$2")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
balloon=$scenarios/demo/balloon.json
failed=0
fail() {
  echo "FAILED: $*"
  failed=1
}
refuse() { # refuse CODE TEXT arguments...
  local code=$1 text=$2 got
  shift 2
  timeout 280 "$xenoscope" compare "$@" >out 2>&1 </dev/null
  got=$?
  [ "$got" = "$code" ] || fail "compare $*: exit code $got, expected $code"
  grep -qF -- "$text" out || { fail "compare $*: \"$text\" is not said" && head -n 8 out; }
}

timeout 280 "$xenoscope" compare "$balloon" --models direct,translated,identity --arch x86_64,ia64 --out art --json all.json \
  >table 2>err </dev/null || fail "exit code $?"
[ -s err ] && fail "not silent in a pipe: $(cat err)"
cmp table art/balloon/compare.txt || fail "compare.txt is not what was printed"
cmp all.json art/balloon/compare.json || fail "compare.json is not what --json wrote"
for line in 'x86_64 identity: memory model identity is not available' 'ia64 direct: there are no page tables' \
  'ia64 identity: memory model identity is not available'; do
  grep -qF -- "$line" table || fail "not said: $line"
done

# Six columns; each figure of those that were run is the one that `run` reports.
number=0
for column in 'x86_64 direct' 'x86_64 translated' 'ia64 translated'; do
  read -r arch model <<<"$column"
  settings=(--set "model=$model")
  timeout 280 "$xenoscope" run "$balloon" --arch "$arch" "${settings[@]}" >"$arch-$model" 2>&1 </dev/null || fail "run: $column"
  cmp <(sed 's/ in [0-9.]* s;//' "$arch-$model") <(sed 's/ in [0-9.]* s;//' "art/balloon/$arch-$model/report.txt") ||
    fail "$column: another report than run's"
done
counter() { awk -v name="$2" '$1 == name { print $2; found = 1 } END { if (!found) print 0 }' "$1"; }
cell() { # cell ROW COLUMN: rows begin with two blanks, cells are 17 characters wide behind 44
  awk -v row="$1" -v at=$((45 + 17 * $2)) 'substr($0, 3, length(row) + 1) == row " " { print substr($0, at, 17) + 0; exit }' table
}
check() { # check ROW COUNTER
  local column=0 name value
  for name in x86_64-direct x86_64-translated - - ia64-translated -; do
    value=$(cell "$1" $column)
    if [ $name != - ]; then
      [ "$value" = "$(counter $name "$2")" ] || fail "$name: $1 is $value, run says $(counter $name "$2")"
      number=$((number + 1))
    fi
    column=$((column + 1))
  done
}
check instructions machine.instructions
check cycles machine.cycles
check 'entries made' vhpt.insertions
check cover.fast hyperprivop.cover.fast
[ "$(cell 'entries made' 4)" -gt 0 ] && [ "$(cell cover.fast 4)" -gt 0 ] || fail "IA-64's hypervisor has counted nothing"
check exceptions machine.exceptions
check filled shadow.fills
check 'TLB misses' mmu.misses
check 'flushes of a page' mmu.flush_page
check 'flushes that the hypervisor announced' observer.tlb_flushes
check 'frames that got another owner' observer.owner_changes
check 'P2M changes' observer.p2m_changes
check mmu_update hypercall.mmu_update.NORMAL_PT_UPDATE
[ $number = 36 ] || fail "$number cells compared, not 36"
for column in 0 1 4; do
  name=$(sed -n "$((column + 1))p" <<<$'x86_64-direct\nx86_64-translated\n\n\nia64-translated')
  sum=$(awk '$1 ~ /^hypercall\./ { sum += $2 } END { print sum }' "$name")
  [ "$(tail -n +"$(grep -n '^hypercalls' table | cut -d: -f1)" table | sed -n 2p | cut -c$((45 + 17 * column))-$((61 + 17 * column)) |
    tr -d ' ')" = "$sum" ] || fail "$name: hypercalls are not $sum"
done

# Columns without figures have none, in no row.
awk '/^  / && !/architecture|memory model|is not available|there are no/ {
  for (c = 2; c < 6; c++) if (c != 4) { v = substr($0, 45 + 17 * c, 17); gsub(/ /, "", v); if (v != "-") bad = 1 } }
  END { exit bad }' table || fail "a column that was not run has figures"

# What the models are about: who checks tables when they change, and who fills shadows when they are used.
less() { [ "$(cell "$1" "$2")" -lt "$(cell "$1" "$3")" ] || fail "$1: column $2 is not less than column $3"; }
less mmu_update 1 0
less mmu_update 4 1
less filled 0 1
less 'frames that got another type' 1 0
less exceptions 0 1
less exceptions 1 4
less 'P2M changes' 0 1

# Parameters that are varied, every combination of them.
timeout 280 "$xenoscope" compare "$balloon" --models direct --arch x86_64 --vary low=24,32 --vary high=64 --out vary >table 2>&1 </dev/null ||
  fail "--vary: exit code $?"
grep -qE '^  low +24 +32$' table || fail "--vary: the values are not in the head"
timeout 280 "$xenoscope" run "$balloon" --set low=24 >varied 2>&1 </dev/null || fail "run with low=24"
[ "$(cell instructions 0)" = "$(counter varied machine.instructions)" ] || fail "--vary low=24: not what run says"
[ -f vary/balloon/x86_64-direct-low=32-high=64/report.txt ] || fail "--vary: no report of each column: $(ls vary/balloon)"
refuse 4 '--vary low: must be NAME=A,B' "$balloon" --vary low
refuse 4 '--vary low=24,: a value is missing' "$balloon" --vary low=24,
refuse 4 'no parameter "lwo"' "$balloon" --vary lwo=3
refuse 4 '--models says in which models' "$balloon" --vary model=direct

refuse 4 '--models: no memory model "shadow"; there are: direct, translated, dom0_pmt, exposed, identity' "$balloon" --models shadow
refuse 4 '--arch: no architecture "sparc"; there are: x86_64, ia64' "$balloon" --arch sparc
refuse 4 '"direct" is given twice' "$balloon" --models direct,direct
refuse 4 '--models says in which models' "$balloon" --set model=direct
refuse 4 'is a directory' "$scenarios"
refuse 4 'No such file' none.json
refuse 4 'no parameter "lwo"' "$balloon" --set lwo=3
refuse 4 '/nowhere/at/all.json' "$balloon" --json /nowhere/at/all.json
refuse 4 'scenario is required'
refuse 3 'ia64 direct: there are no page tables' "$balloon" --models direct --arch ia64
sed 's/"at_least": 32/"at_least": 100000/' "$balloon" >wrong.json
refuse 5 'x86_64 direct: step "the frames are free again"' wrong.json --models direct --arch x86_64
grep -qE '^  result +failure$' out || fail "the result of a run that failed is not said"
grep -q instructions out && fail "figures of a run that failed"

[ $failed = 0 ] && echo "columns are what run says: $number figures"
exit $failed
