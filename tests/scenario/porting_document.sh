#!/usr/bin/env bash
# Runs the commands of docs/porting.md as they stand and compares what they say with what stands below them, but for times. In a code
# block "$ command" begins a command (a line that ends with \ goes on), the rest is its output; "..." stands for any lines.
# usage: porting_document.sh XENOSCOPE IMAGES(those for IA-64) SOURCES
set -u
xenoscope=$(realpath "$1") images=$(realpath "$2") sources=$(realpath "$3")
command -v gdb-multiarch >/dev/null || {
  echo "no gdb-multiarch: install it (scripts/install-deps test)"
  exit 77
}
dir=$(mktemp -d)
trap 'jobs -p | xargs -r kill 2>/dev/null; wait; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
mkdir -p build/release/images work
ln -s "$images" build/release/images/ia64
ln -s "$sources/guests" "$sources/scripts" .
ln -s "$xenoscope" xenoscope
failed=0

# work/N.command and work/N.expected for each command.
awk '
  !/^    / { wanted = 0; next }
  { line = substr($0, 5) }
  line ~ /^\$ / { n++; wanted = 1; file = "work/" n ".command"; line = substr(line, 3); printf "" > ("work/" n ".expected") }
  !wanted { next }
  file != "" { print line > file; if (line !~ /\\$/) file = ""; next }
  { print line > ("work/" n ".expected") }
  END { print n + 0 > "work/count" }' "$sources/docs/porting.md"
count=$(cat work/count)

# Times of the simulation move when firmware or the timing model do.
no_times() { sed -E 's/[0-9]+\.[0-9]{3,} ms/T ms/g; s/ +T ms/ T ms/; s/[ \t]+$//' "$1"; }

# matches EXPECTED GOT: the pieces between lines of "..." are there, in this order; without "..." both are equal.
matches() {
  awk '
    NR == FNR { want[++w] = $0; next }
    { got[++g] = $0 }
    END {
      at = 1
      loose = 0
      for (i = 1; i <= w; i++) {
        if (want[i] == "...") { loose = 1; continue }
        if (loose) while (at <= g && got[at] != want[i]) at++
        if (at > g || got[at] != want[i]) { print "  missing: " want[i]; exit 1 }
        loose = 0
        at++
      }
      if (!loose && at <= g) { print "  not in the document: " got[at]; exit 1 }
    }' <(no_times "$1") <(no_times "$2")
}

for n in $(seq "$count"); do
  command=$(cat work/"$n".command)
  if [[ "$command" == *'&' ]]; then
    eval "timeout 120 ${command%&}" >work/"$n".got 2>&1 &
    for _ in $(seq 200); do
      grep -q 'waiting for it' work/"$n".got && break
      sleep 0.05
    done
  else
    timeout 120 bash -c "$command" >work/"$n".got 2>&1 </dev/null
  fi
  matches work/"$n".expected work/"$n".got >why && continue
  echo "FAILED: $command"
  cat why
  echo "  it said:"
  head -n 20 work/"$n".got | sed 's/^/    /'
  failed=1
done
[ "$count" -gt 10 ] || { echo "FAILED: only $count commands found" && failed=1; }
[ $failed = 0 ] && echo "$count commands of docs/porting.md say what it says"
exit $failed
