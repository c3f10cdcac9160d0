#!/usr/bin/env bash
# One scenario on both architectures tells one story: what the operator, the hypervisor, dom0 and the domains said is the same
# word for word, up to numbers (frames, times), the memory model's name and what state a running domain was caught in; and each
# domain gained and lost as many frames by the same calls, in the same order.
# usage: story.sh XENOSCOPE SCENARIO
set -u
xenoscope=$(realpath "$1") scenario=$(realpath "$2")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failed=0

# Lines of one console without what an architecture may change: the machine's memory map, the clock's name; and without those
# whose place among the others is a matter of speed: the worker's rounds, and that a target is reached, which a driver that
# the operator outruns does not say at all (that it was, the frames tell).
told() {
  grep -vE 'worker\[|target reached|^RAM|[TI][ST]C N? *[0-9.]+ kHz' "$1" |
    sed -E 's/^\[ *[0-9.]+\] *//; s/(memory model|model) (direct|translated)/\1 M/; s/ [r-][b-][p-][s-][c-][d-]( |$)/ STATE\1/; s/0x[0-9a-f]+/N/g; s/[0-9]+(\.[0-9]+)?/N/g; s/entry [0-9a-fN]+/entry N/; s/ +/ /g' |
    grep -vE '^ (\[<|r?ip |r[a-z]+ |c?rN |bN |in a hypercall: |privileged N)'
}

# What a domain gained and lost: by whose calls of which kind, how many frames until another kind follows. Of its end only that
# nothing is left: a page of privileged registers for each VCPU is IA-64's own, and its coming left out, too.
frames() {
  "$xenoscope" inspect "$1" --domain "$2" | awk '
    function tell() { if (what ~ /destroydomain/) sum = "all, " left " left"; if (what != "") print sum, what }
    $2 == "ms" && !/max_vcpus/ {
      by = $0; sub(/.* frames  by /, "", by); sub(/ *\[.*/, "", by); sub(/ vcpu[0-9]+/, "", by)
      if (by != what) { tell(); what = by; sum = 0 }
      sum += $3; left = $5
    }
    END { tell() }'
}

for arch in x86_64 ia64; do
  timeout 300 "$xenoscope" run "$scenario" --arch $arch --out $arch >$arch.out 2>$arch.err </dev/null ||
    { echo "FAILED on $arch: exit code $?" && tail -n 20 $arch.out $arch.err && exit 1; }
done
(cd x86_64 && find . -path '*/consoles/*.txt' | sort) >x86_64.list
(cd ia64 && find . -path '*/consoles/*.txt' | sort) >ia64.list
[ -s x86_64.list ] || { echo "FAILED: no consoles" && exit 1; }
diff x86_64.list ia64.list || { echo "FAILED: other consoles" && failed=1; }
lines=0
while read -r console; do
  for arch in x86_64 ia64; do told $arch/"$console" >$arch.told; done
  lines=$((lines + $(wc -l <x86_64.told)))
  diff x86_64.told ia64.told >difference || { echo "FAILED: $console" && cat difference && failed=1; }
done <x86_64.list
for domain in 1 2; do
  [ -f "$(echo x86_64/*/consoles/dom$domain.txt)" ] || continue
  for arch in x86_64 ia64; do frames $arch/*/run.trace $domain >$arch.told; done
  lines=$((lines + $(wc -l <x86_64.told)))
  diff x86_64.told ia64.told >difference || { echo "FAILED: frames of domain $domain" && cat difference && failed=1; }
done
[ $lines -gt 20 ] || { echo "FAILED: only $lines lines were said" && failed=1; }
[ $failed = 0 ] && echo "the same story, $lines lines"
exit $failed
