#!/usr/bin/env bash
# The real gdb on `run` and `boot`: symbols, breakpoints, watchpoints, steps, memory, threads; and a run that was
# debugged has the hashes of one that was not.
# usage: gdb.sh XENOSCOPE IMAGES(one architecture's) SCENARIOS
set -u
xenoscope=$(realpath "$1") images=$(realpath "$2") scenarios=$(realpath "$3")
. "$(dirname "$0")/gdb_session.sh" gdb

# --- a scenario: hypervisor and dom0 ---
cat >"$dir/tour.gdb" <<END
add-symbol-file $images/kernel.elf
break boot_main
continue
delete
watch hv::domain_list
continue
backtrace 3
delete
break hv::do_console_io
continue
backtrace 3
info registers rip cs cr3 eflags
print \$st0
print \$xmm0.uint128
print \$mxcsr
stepi
stepi
step
next
finish
x/2xg \$rsp
monitor phys 0x100000 10
maint packet Qqemu.PhyMemMode:1
x/2xw 0x100000
maint packet Qqemu.PhyMemMode:0
monitor threads
monitor symbols
hbreak dom0_start
delete 3
continue
backtrace 3
info threads
delete
rwatch hv::domain_list
continue
delete
continue
END
scenario=$scenarios/regression/boot.json
timeout 240 "$xenoscope" run "$scenario" --json "$dir/plain.json" >/dev/null 2>&1 || fail "the plain run"
debug tour "$dir/tour.gdb" "$images/hypervisor.elf" "$xenoscope" run "$scenario" --json "$dir/tour.json"
says tour 'Breakpoint 1, boot_main' 'Hardware watchpoint 2: hv::domain_list' 'Old value = .* 0x0' \
  'New value = .*0xffff' 'domain_create' 'Breakpoint 3, hv::do_console_io' '^#0 .*do_console_io' \
  '^#1 .*hypercall_dispatch' '^rip .*do_console_io' '^cs ' '^cr3 ' '^eflags .*\[' '= 0' '= 0' 'IM DM ZM OM UM PM' \
  'hypercall_dispatch'
says tour '0x[0-9a-f]+:.*0x[0-9a-f]{16}' '100000: [0-9a-f]{2} ' 'received: "OK"' '^0x100000:.*0x[0-9a-f]{8}' \
  'received: "OK"' '^dom0 vcpu0 .running on cpu0.' 'symbol-file .*/hypervisor.elf' \
  'add-symbol-file .*/kernel.elf' 'dom0_start' '^#1 .*kernel_main' '"dom0 vcpu0 .running on cpu0."' \
  'Hardware read watchpoint .*hv::domain_list' 'Value = ' 'exited normally'
same_run tour "$(hashes "$dir/plain.json")" "$(hashes "$dir/tour.json")"

# --- two cores: threads, steps of either, many stops; before the hypervisor runs cores are all there is ---
cat >"$dir/smp.gdb" <<'END'
info threads
break hv::schedule
set $n = 0
while $n < 30
  continue
  stepi
  stepi
  set $n = $n + 1
end
info threads
thread find cpu[01]
stepi 20
info threads
delete
continue
END
scenario=$scenarios/regression/smp.json
timeout 240 "$xenoscope" run "$scenario" --json "$dir/plain.json" >/dev/null 2>&1 || fail "the plain run on two cores"
debug smp "$dir/smp.gdb" "$images/hypervisor.elf" "$xenoscope" run "$scenario" --json "$dir/smp.json"
says smp '^\* 1 .*"cpu0 .no VCPU."' '^  2 .*"cpu1 .no VCPU."' 'Breakpoint 1, ' 'hv::schedule' '"dom0 vcpu[01] .' \
  'has target name .*cpu[01]' '^\* ' 'exited normally'
same_run smp "$(hashes "$dir/plain.json")" "$(hashes "$dir/smp.json")"

# --- VCPUs that do not run: registers as saved, memory by their own page tables, in both memory models ---
cat >"$dir/vcpus.gdb" <<END
add-symbol-file $images/kernel.elf
break hv::do_memory_op if args.arg[0] == 1
continue
info threads
python
for t in gdb.selected_inferior().threads():
    if t.name.startswith("dom0"): t.switch()
end
info registers rip cs
x/i \$rip
print boot_info->magic
print boot_info->flags
print/x *(unsigned char*)\$rip
print hv::domain_list != 0
python
try: gdb.execute("set var \$rax = 5")
except gdb.error as refusal: print(refusal)
end
stepi
info threads
python
for t in gdb.selected_inferior().threads():
    if t.name.startswith("dom1"): t.switch()
end
backtrace 1
delete
continue
END
for models in "direct direct" "translated translated"; do
  read -r model dom0_model <<<"$models"
  settings=(--set "model=$model" --set "dom0_model=$dom0_model")
  timeout 240 "$xenoscope" run "$scenarios/demo/balloon.json" "${settings[@]}" --json "$dir/plain.json" >/dev/null 2>&1 ||
    fail "the plain run with domains in model $model"
  debug "vcpus-$model" "$dir/vcpus.gdb" "$images/hypervisor.elf" "$xenoscope" run "$scenarios/demo/balloon.json" "${settings[@]}" --json "$dir/vcpus.json"
  says "vcpus-$model" 'Breakpoint 1, ' '"dom0 vcpu0 .(blocked|runnable).".* 0xffffffff80[0-9a-f]* in ' \
    '^\* .*"dom1 vcpu0 .running on cpu0." .web.' \
    '^rip .*0xffffffff80[0-9a-f]+ <' '^cs .*0xe033' '=> 0xffffffff80.*:' '"xen-3.0-x86_64' '= 3' '^.*= 0x[0-9a-f]+' '= (true|1)' \
    'Could not write register "rax"' '"dom0 vcpu0' '^#0 .*do_memory_op' 'exited normally'
  same_run "vcpus-$model" "$(hashes "$dir/plain.json")" "$(hashes "$dir/vcpus.json")"
done

# --- attached while it runs, stopped by Ctrl-C, left alone again ---
cat >"$dir/attach.gdb" <<'END'
monitor time
shell (sleep 1; kill -INT $PPID) &
continue
monitor time
detach
END
scenario=$scenarios/demo/balloon.json
timeout 240 "$xenoscope" run "$scenario" --json "$dir/plain.json" >/dev/null 2>&1 || fail "the plain balloon run"
wait=()
debug attach "$dir/attach.gdb" "$images/hypervisor.elf" "$xenoscope" run "$scenario" --json "$dir/attach.json"
wait=(-S)
says attach '^[0-9.]+ ms' 'received signal SIGINT' '^[0-9.]+ ms' 'detached'
same_run attach "$(hashes "$dir/plain.json")" "$(hashes "$dir/attach.json")"

# --- boot ---
cat >"$dir/boot.gdb" <<END
stepi 50
info registers rip
continue
END
boot_hashes() { grep -E '^(execution|trace) hash' "$1"; }
timeout 60 "$xenoscope" boot "$images/hello.elf" --counters >/dev/null 2>"$dir/plain.err"
debug boot "$dir/boot.gdb" "$images/hello.elf" "$xenoscope" boot "$images/hello.elf" --counters
says boot '^rip ' 'exited normally'
same_run boot "$(boot_hashes "$dir/plain.err")" "$(boot_hashes "$dir/boot.err")"

# --- kill ends the run, as an interrupt does ---
echo kill >"$dir/kill.gdb"
debug kill "$dir/kill.gdb" "$images/hypervisor.elf" "$xenoscope" boot "$images/hypervisor.elf"
grep -q 'exit code 130' "$dir/kill.out" || fail "kill: $(tail -n 1 "$dir/kill.out")"

# --- what can be wrong has one message and exit code 4 ---
refused() { # refused NAME TEXT command...
  local name=$1 text=$2 got
  shift 2
  timeout 60 "$@" >"$dir/out" 2>"$dir/err" </dev/null
  got=$?
  [ $got = 4 ] || fail "$name: exit code $got"
  if [ "$(grep -c . "$dir/err")" = 1 ] && grep -qE -- "$text" "$dir/err"; then return; fi
  fail "$name: $(cat "$dir/err" "$dir/out")"
}
refused "no port" 'gdb kernel.elf: must be a port' "$xenoscope" boot "$images/hello.elf" --gdb=kernel.elf
refused "a directory that is not there" 'gdb unix:/nowhere/x: No such file' \
  "$xenoscope" boot "$images/hello.elf" --gdb unix:/nowhere/x
refused "several scenarios" 'one scenario' "$xenoscope" run "$scenarios/regression" --gdb
timeout 60 "$xenoscope" boot "$images/hello.elf" --gdb "unix:$dir/busy" -S >/dev/null 2>&1 &
pids+=($!)
for _ in $(seq 200); do
  [ ! -S "$dir/busy" ] || break
  sleep 0.05
done
refused "a socket in use" 'busy: Address already in use' "$xenoscope" boot "$images/hello.elf" --gdb "unix:$dir/busy"

[ $failed = 0 ] && echo "gdb sees everything and changes nothing"
exit $failed
