#!/usr/bin/env bash
# What `run` leaves behind: reports in every form, exit codes of a call with several scenarios, partial results
# after an interrupt, silence in a pipe; and what `inspect` answers about the trace.
# usage: reports.sh XENOSCOPE SCENARIOS
set -u
xenoscope=$(realpath "$1") scenarios=$(realpath "$2")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failed=0

check() { # check NAME command...
  local name=$1
  shift
  if "$@" >check.out 2>&1; then return; fi
  echo "FAILED $name: $*"
  head -n 12 check.out
  failed=1
}
has() { grep -qE -- "$2" "$1"; }
hasnot() { ! has "$@"; }
exit_code() { # exit_code EXPECTED command...; output in out and err
  local want=$1 got
  shift
  timeout 280 "$@" >out 2>err </dev/null
  got=$?
  [ "$got" = "$want" ] && return
  echo "FAILED: exit code $got, expected $want: $*"
  head -n 20 out err
  failed=1
}

# --- all artifacts of one scenario
exit_code 0 "$xenoscope" run "$scenarios/regression/two-domains.json" --out art --junit one.xml --json one.json
check "quiet in a pipe" test ! -s err
check "text: steps" has out '^ +[0-9]+ +[0-9.]+ +\+[0-9.]+ +ok +create web'
check "text: owners" has out 'xen +free .*dom0 +web \(dom1\) +db \(dom2\)'
check "text: consoles" has out 'dom1 +\| '
check "text: counters" has out 'hypercall\.domctl\.createdomain +2'
check "report file" cmp <(sed 's/in [0-9.]* s;/in/' out) <(sed 's/in [0-9.]* s;/in/' art/two-domains/report.txt)
for file in report.json run.trace trace.perfetto consoles/xen.txt consoles/dom0.txt consoles/dom1.txt \
  consoles/operator.txt p2m/dom0.txt; do
  check "artifact $file" test -s "art/two-domains/$file"
done
check "P2M dump" has art/two-domains/p2m/dom0.txt '^pfn=0x[0-9a-f]+ ==> mfn=0x[0-9a-f]+$'
check "JUnit" has one.xml '<testcase name="two-domains" classname="xenoscope.x86_64"'
check "JUnit sums" has one.xml 'tests="1" failures="0" errors="0"'
check "JSON" has one.json '"trace_hash": "[0-9a-f]{16}"'

# --- questions to the trace
trace=art/two-domains/run.trace
exit_code 0 "$xenoscope" inspect $trace
exit_code 0 "$xenoscope" inspect $trace --domain 1
check "domain's frames came by populate_physmap" has out 'populate_physmap'
frame=$(sed -nE 's/^pfn=0x[0-9a-f]+ ==> mfn=(0x[0-9a-f]+)$/\1/p' art/two-domains/p2m/dom0.txt | head -n 1)
exit_code 0 "$xenoscope" inspect $trace --frame "$frame"
check "frame's history" has out 'owner .* -> dom0'
exit_code 0 "$xenoscope" inspect $trace --at 50ms
check "owners at a time" has out 'free'
exit_code 4 "$xenoscope" inspect $trace --frame 0xfffffffffffff
exit_code 0 "$xenoscope" inspect $trace --traps
check "exceptions" has out '^ +[0-9.]+ ms  CPU 0  .PF at 0x[0-9a-f]+, error code 0x[0-9a-f]+, address 0x[0-9a-f]+$'
check "interrupts" has out '^ +[0-9.]+ ms  CPU 0  interrupt 0x[0-9a-f]+ at 0x[0-9a-f]+$'
check "as many as were counted" test "$(wc -l <out)" = \
  "$(awk '$1 == "machine.exceptions" || $1 == "machine.interrupts" { n += $2 } END { print n }' art/two-domains/report.txt)"
exit_code 4 "$xenoscope" inspect $trace --traps --domain 1
exit_code 4 "$xenoscope" inspect $trace --at yesterday
exit_code 4 "$xenoscope" inspect $trace --at 999s
check "where the trace ends" has err 'the trace ends at'
exit_code 0 "$xenoscope" inspect $trace --domain 0 --at 50ms
check "a domain's history up to a time" has out '^ +at 50\.0+ ms  (paused|running)'

# --- several at once: one passes, one fails, one crashes, one hangs, one is no scenario
base='"machine":{"memory_mib":256},"dom0":{"memory":64}'
printf '{"name":"pass",%s,"steps":[{"list":{}}]}' "$base" >1.json
printf '{"name":"fail",%s,"steps":[{"list":{}},{"expect":{"answer":{"text":"<no such>"}}}]}' "$base" >2.json
printf '{"name":"crash","machine":{"memory_mib":16},"dom0":{"memory":8},"steps":[]}' >3.json
printf '{"name":"hang",%s,"limits":{"simulated_s":1},"steps":[{"wait":{"console":"xen","text":"never","within_s":9}}]}' \
  "$base" >4.json
printf '{"name":"nonsense"}' >5.json
exit_code 0 "$xenoscope" run 1.json
exit_code 5 "$xenoscope" run 2.json
exit_code 6 "$xenoscope" run 3.json
check "reason of the crash" has out 'reason: hypervisor panic: Panic on CPU 0'
check "boot has no line" has out '! 3\.json: hypervisor panic'
check "panic's words" has out 'xen +\| Panic on CPU 0'
check "panic's backtrace with names" has out 'xen: +\[<[0-9a-f]+>\] hypervisor\.elf: hv::dom0_build\+'
printf '{"name":"guest-crash",%s,"domains":[{"name":"web","memory":32,"kernel":"test-panic"}],
"steps":[{"create":"web"},{"wait":{"time_ms":2000}}]}' "$base" >7.json
exit_code 6 "$xenoscope" run 7.json
sed -n '/^where the processors stood/,/^$/p' out >where
check "where the processors stood" has where '^ +cpu0: hypervisor\.elf: '
check "the guest's own words" has out 'reason: domain web \(dom1\) crashed: panic: on purpose, at depth 3'
check "place of the crash" has out '! 7\.json:2: /steps/1: domain web'
check "guest's backtrace with names" has out 'dom1: +\[<[0-9a-f]+>\] test-panic\.elf: .*innermost'
check "guest's position with its name" has out 'dom1: rip \[<[0-9a-f]+>\] test-panic\.elf: '
check "another image's names are not the guest's" hasnot where '[^-]kernel\.elf: '
exit_code 124 "$xenoscope" run 4.json
check "where a hang stood" has out 'cpu0: hypervisor\.elf: '
exit_code 4 "$xenoscope" run 5.json
exit_code 6 "$xenoscope" run 1.json 2.json 3.json 5.json -j 2
exit_code 5 "$xenoscope" run 1.json 2.json 5.json -j 2 --junit many.xml
check "JUnit sums of many" has many.xml 'tests="3" failures="1" errors="1"'
check "JUnit failure is escaped" has many.xml 'no line of the answer matches &quot;&lt;no such&gt;&quot;'
check "place of the failure" has out '2.json:1: /steps/1/expect/answer'
exit_code 0 "$xenoscope" run 1.json 2.json --filter pass
exit_code 4 "$xenoscope" run 1.json 2.json --trace x.trace

# --- an interrupt leaves what is known so far
printf '{"name":"long",%s,"domains":[{"name":"web","memory":32}],"limits":{"simulated_s":900,"wall_s":200},
"steps":[{"create":"web"},{"wait":{"time_ms":800000}}]}' "$base" >6.json
"$xenoscope" run 6.json --junit cut.xml >out 2>err &
pid=$!
sleep 4
kill -INT $pid
wait $pid
check "exit code after an interrupt" test $? = 130
check "partial report" has out 'scenario long .*interrupted \(exit code 130\)'
check "partial console" has out 'dom0 +\| '
check "partial JUnit" has cut.xml 'type="interrupted"'

[ $failed = 0 ] && echo "all reports as documented"
exit $failed
