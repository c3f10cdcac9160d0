#!/usr/bin/env bash
# gdb-multiarch on IA-64 programs: symbols, stacked registers and NaTs, breakpoints on slots, watchpoints, steps;
# and a run that was debugged has the hash of one that was not.
# usage: gdb.sh XENOSCOPE IMAGES(those for IA-64)
set -u
xenoscope=$(realpath "$1") images=$(realpath "$2")
. "$(dirname "$0")/../scenario/gdb_session.sh" gdb-multiarch

boot() { # boot NAME SCRIPT IMAGE options...
  local name=$1 script=$2 image=$images/$3.elf
  shift 3
  debug "$name" "$script" "$image" "$xenoscope" boot "$image" "$@"
}

# --- looking does not change the run ---
cat >"$dir/look.gdb" <<'END'
info registers ip psr
break sort
continue
printf "argument %d, in the backing store %d\n", $r32 == (unsigned long)first, *(long*)$bof == $r32
stepi
printf "slot %d of bundle %d\n", (unsigned long)$pc & 15, ((unsigned long)$pc & ~15) == (unsigned long)&sort
stepi
stepi
printf "next bundle %d\n", (unsigned long)$pc == (unsigned long)&sort + 16
x/3i (unsigned long)&sort
set $first = (unsigned long)first
delete
watch *(long*)$first
continue
printf "watched %d\n", (unsigned long)$pc > (unsigned long)&sort
delete
break *(unsigned long)&ackermann if $r32 == 1
continue
printf "m is 1: %d\n", $r32 == 1
info breakpoints
bt 3
printf "f1 is one: %d, p0 is set: %d\n", $f1 == 1.0, $pr & 1
delete
hbreak *((unsigned long)&count_breaks)
continue
printf "in the handler of a break: %d\n", frame.vector == 0x2c00
delete
continue
END
boot look "$dir/look.gdb" mix --counters
says look '^_start \(\) at .*lib/start\.S' 'ip +0x106140|ip +0x[0-9a-f]+' '^Breakpoint 1.*sort \(' \
  '^argument 1, in the backing store 1$' '^slot 1 of bundle 1$' '^next bundle 1$' '\[M.*alloc r[0-9]+=ar\.pfs' \
  'atchpoint 2' '^Old value = ' '^New value = ' '^watched 1$' 'Breakpoint 3.*ackermann \(' '^m is 1: 1$' \
  'breakpoint already hit' '^#0 .*ackermann' '^f1 is one: 1, p0 is set: 1$' 'Breakpoint 4.*count_breaks' \
  '^in the handler of a break: 1$' 'exited normally'
grep -q '^mix: 21 checks, 0 wrong$' "$dir/look.out" || fail "the program's output"
"$xenoscope" boot "$images/mix.elf" --counters >/dev/null 2>"$dir/alone.err"
[ "$(grep '^execution hash' "$dir/look.err")" = "$(grep '^execution hash' "$dir/alone.err")" ] ||
  fail "a debugged run has another execution hash"

# --- writing does: registers static, stacked and floating, memory, the pc ---
cat >"$dir/write.gdb" <<'END'
break ackermann
continue
set $r32 = 0
set $r33 = 41
set $r14 = 0x1234
set $f6 = 2.5
set $b7 = 0x100000
set $lc = 77
printf "now %d %d %x %d %x %d\n", m, n, $r14, $f6 == 2.5, $b7, $lc
finish
printf "returned %d\n", $r8
set *(int*)&failures = 3
kill
END
boot write "$dir/write.gdb" mix
says write '^now 0 41 1234 1 100000 77$' '^returned 42$'

# --- four cores are four threads ---
cat >"$dir/cores.gdb" <<'END'
break main
continue
info threads
thread 2
info registers ip
delete
continue
END
boot cores "$dir/cores.gdb" several --cpus 4
says cores 'Thread 1 ' 'Thread 2 ' 'Thread 3 ' 'Thread 4 ' 'Switching to thread 2' '^ip ' 'exited normally'
exit $failed
