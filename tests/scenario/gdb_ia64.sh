#!/usr/bin/env bash
# The real gdb on scenarios of an IA-64 machine: hypervisor and domains, among them VCPUs that do not run; and a run that was
# debugged has the hashes of one that was not. (Programs on the bare machine: tests/ia64/gdb.sh.)
# usage: gdb_ia64.sh XENOSCOPE IMAGES(IA-64's) SCENARIOS
set -u
xenoscope=$(realpath "$1") images=$(realpath "$2") scenarios=$(realpath "$3")
. "$(dirname "$0")/gdb_session.sh" gdb-multiarch

# --- a VCPU that waits in a hypercall: what it has in registers, on its register stack and in memory ---
cat >"$dir/waits.gdb" <<END
add-symbol-file $images/kernel.elf
break hv::translated_remove
continue
info threads
python
for t in gdb.selected_inferior().threads():
    if t.name.startswith("dom0"): t.switch()
end
info registers ip psr cfm bsp
x/i \$pc
backtrace
printf "of a hypercall: %d\n", \$r2 == 32 || \$r2 == 29
printf "level %d, translated %d\n", (\$psr >> 32) & 3, (\$psr >> 17) & 1
printf "constants %d %d %d\n", \$r0 == 0, \$f0 == 0.0, \$f1 == 1.0
printf "stacked registers lie below bsp: %d\n", *(long*)\$bof == \$r32
printf "memory stack, by the table that the CPU walks: %d\n", *(long*)\$sp == *(long*)\$sp
printf "the hypervisor's own: %d\n", hv::domain_list != 0
python
try: gdb.execute("set var \$r14 = 5")
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
scenario=$scenarios/demo/balloon.json
timeout 240 "$xenoscope" run "$scenario" --arch ia64 --json "$dir/plain.json" >/dev/null 2>&1 || fail "the plain run"
debug waits "$dir/waits.gdb" "$images/hypervisor.elf" "$xenoscope" run "$scenario" --arch ia64 --json "$dir/waits.json"
says waits 'hit Breakpoint 1, ' '^\* .*"dom1 vcpu0 .running on cpu0." .web.' \
  '"dom0 vcpu0 .(blocked|runnable).".* 0xa0[0-9a-f]* in hypercall_break' \
  '^ip +0xa0000000' '^psr ' '^cfm ' '^bsp +0xe0' '=> 0xa0[0-9a-f]* <hypercall_break' \
  '^#0 .*hypercall_break' '^#1 .*arch_hypercall' '^#[23] .*\([a-z_]+=[0-9]+.*guests' '^of a hypercall: 1' '^level 1, translated 1' '^constants 1 1 1' \
  '^stacked registers lie below bsp: 1' '^memory stack, by the table that the CPU walks: 1' \
  "^the hypervisor's own: 1" \
  'Could not write register' '"dom0 vcpu0' '^#0 .*translated_remove' 'exited normally'
same_run waits "$(hashes "$dir/plain.json")" "$(hashes "$dir/waits.json")"

# --- two cores and four VCPUs: every one is a thread wherever it is; steps of those that run ---
cat >"$dir/smp.gdb" <<END
add-symbol-file $images/kernel.elf
info threads
break hv::schedule
set \$n = 0
while \$n < 30
  continue
  stepi
  stepi
  set \$n = \$n + 1
end
info threads
thread apply all info registers ip bsp
delete
continue
END
scenario=$scenarios/regression/smp.json
timeout 240 "$xenoscope" run "$scenario" --arch ia64 --json "$dir/plain.json" >/dev/null 2>&1 || fail "the plain run on two cores"
debug smp "$dir/smp.gdb" "$images/hypervisor.elf" "$xenoscope" run "$scenario" --arch ia64 --json "$dir/smp.json"
says smp '^\* 1 .*"cpu0 .no VCPU."' '^  2 .*"cpu1 .no VCPU."' 'hit Breakpoint 1, ' '"dom0 vcpu[01] .' '^ip ' '^bsp ' '^ip ' \
  'exited normally'
same_run smp "$(hashes "$dir/plain.json")" "$(hashes "$dir/smp.json")"

[ $failed = 0 ] && echo "gdb sees the VCPUs of an IA-64 machine and changes nothing"
exit $failed
