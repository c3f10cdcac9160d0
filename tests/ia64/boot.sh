#!/usr/bin/env bash
# `boot` of IA-64 programs: what they print, how they end, what is said of those that get lost.
# usage: boot.sh CASE XENOSCOPE IMAGES(those for IA-64)
set -u
here=$(cd "$(dirname "$0")" && pwd)
case=$1 xenoscope=$(realpath "$2") images=$(realpath "$3")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failed=0

fail() {
  echo "FAILED $*"
  head -n 30 out err
  failed=1
}

# ends CODE command...: the exit code is CODE; output is in out and err.
ends() {
  local code=$1 got
  shift
  timeout 120 "$@" >out 2>err </dev/null
  got=$?
  [ "$got" = "$code" ] || fail "exit code $got instead of $code: $*"
  ! grep -qE 'terminate called|Sanitizer|internal error' err || fail "crashed: $*"
}
# Each regular expression is in out or err.
says() {
  local text
  for text in "$@"; do grep -qE -- "$text" out err || fail "\"$text\" is not in the output"; done
}
silent() { [ ! -s err ] || fail "something on stderr"; }

boot() { # boot CODE IMAGE options...
  local code=$1 image=$2
  shift 2
  ends "$code" "$xenoscope" boot "$images/$image.elf" "$@"
}

# patch FILE OFFSET BYTES(printf)
patch() { printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }

case $case in
  hello)
    boot 0 hello && says '^hello from IA-64: GenuineIntel in physical mode$' && silent
    boot 0 hello --arch ia64 && says '^hello' && silent
    ;;
  exit-value)
    boot 5 exit-value && says '^xenoscope: the kernel exited with value 7 at' 'exit-value.elf: program_exit'
    ;;
  mix)
    boot 0 mix && says '^mix: 21 checks, 0 wrong$' && silent
    # Three breaks, each with its way back.
    boot 0 mix --counters && says '^machine\.exceptions +3$' '^machine\.irets +3$'
    ;;
  interrupts)
    boot 0 interrupts && says '^interrupts: all as they should be$' && silent
    [ "$(grep -c '^  ok ' out)" = 11 ] || fail "not all checks were made"
    ;;
  several)
    for n in 1 2 4; do boot 0 several --cpus $n && says "^processors: $n, all counted and woken$" && silent; done
    ;;
  services)
    # A RAM disk and a kernel for domain 0 go along. What the program's size decides is not compared.
    printf 'disk' >initrd
    printf '\177ELF and so on' >dom0
    plain() { sed -E 's/^(  memory [17]) .*/\1/' out; }
    boot 0 services --append 'root=/dev/vda1 quiet' --module initrd --module dom0 && silent
    plain | diff - "$here/services.expected" || fail "not what is expected"
    plain >first
    for settings in '"quantum": 1013' '"fidelity": "exact"'; do
      echo "{\"arch\": \"ia64\", $settings}" >machine.json
      boot 0 services --append 'root=/dev/vda1 quiet' --module initrd --module dom0 --machine machine.json
      plain | cmp -s - first || fail "with $settings"
    done
    echo '{"arch": "ia64", "timing": {"frequency_hz": 1333333333}, "wall_clock_s": 951782399}' >machine.json
    boot 0 services --machine machine.json
    says 'PAL_FREQ_RATIOS: 0, 0x4f790d5505f5e100 ' '^  2000 2 28 23 59 59 $'
    boot 6 services --append reset && says 'the kernel reset the machine'
    boot 6 services --append refused
    says 'firmware that this machine does not have: SAL procedure 0x1000007 at' 'services.elf: main'
    boot 4 services --module initrd --module initrd && says 'initrd: a second initial RAM disk'
    boot 4 services --append "$(printf '%65536s')" && says 'the command line is too long'
    ;;
  halt)
    boot 0 halt && says '^halt: all as it should be$' && silent
    [ "$(grep -c '^  ok ' out)" = 5 ] || fail "not all checks were made"
    boot 0 halt --cpus 4 --counters && says '^halt: all as it should be$'
    [ "$(grep -c '^  ok ' out)" = 7 ] || fail "not all checks were made"
    # Nearly all of the time everybody sleeps.
    awk '{ n[$1] = $2 } END { exit !(n["machine.idle_cycles"] > n["machine.cycles"] * 0.99) }' err || fail "idle cycles"
    grep -v '^xenoscope' err >counters
    boot 0 halt --cpus 4 --counters
    grep -v '^xenoscope' err | cmp -s - counters || fail "two runs differ"
    for n in 1 4; do
      boot 6 halt --append 'for ever' --cpus $n && says '^good night$' '^xenoscope: every core is halted for ever at'
    done
    ;;
  new-code)
    boot 0 new-code && says '^new code: 100 by this processor, 0 by another$' && silent
    boot 0 new-code --cpus 2 && says '^new code: 100 by this processor, 100 by another$' && silent
    ;;
  observed)
    # Taps of an image that publishes them; DRAM in two pieces, of which it manages the first.
    echo '{"arch": "ia64", "memory_mib": 96, "low_memory_mib": 64, "high_base": "0xf2d40000000"}' >machine.json
    for options in '--memory 64' '--machine machine.json'; do
      boot 0 observed $options --counters && says '^observed: 0x29 misses' '^observer\.taps +32798$'
    done
    # As a scenario's hypervisor: observed alike, and gone before anybody could type a command.
    echo '{"name": "played", "machine": {"memory_mib": 64}, "steps": [{"list": {}}],
      "hypervisor": {"kernel": "'"$images"'/observed.elf"}, "dom0": {"kernel": "'"$images"'/hello.elf"}}' >played.json
    ends 6 "$xenoscope" run played.json --arch ia64 && says 'played \(ia64, seed 1\)' 'powered off' '^  observer\.taps +32798$'
    ends 4 "$xenoscope" run played.json && says 'ELF|x86'
    ;;
  device-code)
    # Sector n begins with { nop.m 0; mov r8 = n; br.ret.sptk.many b0 ;; }.
    truncate -s $((32 * 512)) disk
    for n in {1..31}; do
      patch disk $((n * 512)) "\\x11\\0\\0\\0\\x01\\0\\x80\\x$(printf %02x $((n << 3)))\\0\\0\\x42\\x80\\x08\\0\\x84\\0"
    done
    boot 0 device-code --disk disk && says '^code of a device: 31 by this processor, 0 by another$' && silent
    boot 0 device-code --disk disk --cpus 2 && says '^code of a device: 31 by this processor, 31 by another$' && silent
    ;;
  determinism)
    # The same run twice; and the same results wherever quanta cut the program.
    for n in 1 2; do
      boot 0 interrupts --counters
      mv err counters$n
    done
    cmp -s counters1 counters2 || fail "two runs differ"
    grep -qE '^execution hash +[0-9a-f]{16}$' counters1 || fail "no hash"
    for quantum in 100 777 1000000; do
      echo "{\"arch\": \"ia64\", \"quantum\": $quantum}" >machine.json
      boot 0 mix --machine machine.json && says '^mix: 21 checks, 0 wrong$'
      boot 0 interrupts --machine machine.json && says '^interrupts: all as they should be$'
    done
    ;;
  lost-programs)
    boot 6 fault-loop
    says '^xenoscope: the program loops on a fault: break instruction' \
      '^  cpu0 at 0x1002c00 slot 0: break\.m 0x0$' \
      'last interruption: break instruction at 0x1002c00 slot 0' \
      'general exception at 0x[0-9a-f]+ slot [0-2]: st8.*, isr 0x200000030, address 0x1000000000000000$'
    boot 6 fault-turns # two handlers, and a register that counts
    says '^xenoscope: the program loops on a fault: ' 'general exception at 0x1002c00 slot 1: st8' \
      'break instruction at 0x1005400 slot 0: break\.m 0x0'
    boot 6 fault-loop --registers
    says '^registers of cpu0$' ' cr\.iva 0000000001000000' ' r12 [0-9a-f]{16}' ' ar\.bsp '
    boot 6 firmware-call
    says '^xenoscope: the program calls firmware that this machine does not have: PAL_MC_RESUME at' \
      'firmware-call.elf: main'
    boot 124 fault-loop --timeout 0.000001 && says 'time limit'
    ;;
  bad-files)
    head -c 3000 "$images/hello.elf" >short.elf
    ends 4 "$xenoscope" boot short.elf && says '^xenoscope: short.elf: .*truncated'
    cp "$images/hello.elf" odd.elf && patch odd.elf 24 '\x08' # e_entry
    ends 4 "$xenoscope" boot odd.elf && says 'odd.elf: its entry 0x[0-9a-f]+ is not the address of a bundle'
    cp "$images/hello.elf" far.elf && patch far.elf 31 '\x10'
    ends 4 "$xenoscope" boot far.elf && says 'far.elf: its entry 0x[0-9a-f]+ is in none of its segments'
    cp "$images/hello.elf" big.elf && patch big.elf 48 '\x18' # e_flags
    ends 4 "$xenoscope" boot big.elf && says 'big.elf: for big-endian data'
    cp "$images/hello.elf" narrow.elf && patch narrow.elf 4 '\x01'
    ends 4 "$xenoscope" boot narrow.elf && says 'narrow.elf: '
    ends 4 "$xenoscope" boot "$images/hello.elf" --arch x86_64 && says 'not an x86 ELF file'
    ends 4 "$xenoscope" boot "$images/../x86_64/hello.elf" --arch ia64 && says 'not an IA-64 ELF file'
    ;;
  disassembly)
    ends 0 "$xenoscope" disasm "$images/hello.elf" --function _start
    says '^[0-9a-f]{16} <_start>:$' '\[MMI\] +rsm 0x6000' 'br\.call\.sptk\.many b0=0x[0-9a-f]+;; <main>$' '^; .*lib/start\.S:'
    silent
    ;;
  corner-*)
    # The same whatever the quanta, which also end what the ALAT holds, and with TLBs of 128 places.
    boot 0 "$case" && says "^$case: [0-9]+ checks, 0 wrong$" && silent
    ! grep WRONG out || fail "a check"
    for settings in '"quantum": 1013' '"fidelity": "exact"'; do
      echo "{\"arch\": \"ia64\", $settings}" >machine.json
      boot 0 "$case" --machine machine.json && says "^$case: [0-9]+ checks, 0 wrong$"
    done
    ;;
  machine-options)
    boot 0 hello --memory 16
    echo '{"arch": "ia64", "memory_mib": 5000, "fidelity": "exact"}' >machine.json
    boot 0 mix --machine machine.json
    echo '{"arch": "x86_64"}' >machine.json
    boot 4 hello --machine machine.json && says 'machine.json: machine.arch: "x86_64"'
    echo '{"tlb": {}}' >machine.json
    boot 4 hello --machine machine.json && says 'machine.tlb: unknown key'
    boot 0 hello --append words
    echo >disk
    boot 0 hello --disk disk
    ;;
esac
exit $failed
