#!/usr/bin/env bash
# How `boot` ends: the documented exit code for each end of a kernel, a panic's printed addresses with names,
# and one message when standard output takes no more.
# usage: boot_ends.sh XENOSCOPE IMAGES(one architecture's)
set -u
xenoscope=$(realpath "$1") images=$(realpath "$2")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failed=0

# ends NAME CODE TEXT command...: the exit code is CODE, TEXT (a regular expression) is in out or err.
ends() {
  local name=$1 code=$2 text=$3 got
  shift 3
  timeout 60 "$@" >out 2>err </dev/null
  got=$?
  if [ "$got" != "$code" ]; then
    echo "FAILED $name: exit code $got, expected $code"
  elif ! grep -qE -- "$text" out err; then
    echo "FAILED $name: \"$text\" is not in the output"
  elif grep -qE 'terminate called|Sanitizer|internal error' err; then
    echo "FAILED $name: crashed"
  else
    return 0
  fi
  head -n 20 out err
  failed=1
}

ends "success" 0 "." "$xenoscope" boot "$images/hello.elf"
test -s out || { echo "FAILED: hello printed nothing" && failed=1; }
ends "ACPI power-off" 0 "." "$xenoscope" boot "$images/machine_acpi_off.elf"
ends "another exit value" 5 "^xenoscope: the kernel exited with value 7 at" \
  "$xenoscope" boot "$images/machine_exit_then_talk.elf"
ends "reset" 6 "^xenoscope: the kernel reset the machine at" "$xenoscope" boot "$images/machine_acpi_reset.elf"
ends "no such kernel" 4 "none.elf" "$xenoscope" boot none.elf
ends "interrupt" 130 "^xenoscope: interrupted at" timeout --preserve-status -s INT 3 \
  "$xenoscope" boot "$images/machine_serial_echo.elf" --timeout 1000000
ends "triple fault" 6 "triple fault at" "$xenoscope" boot "$images/machine_triple_fault.elf"
ends "halt" 6 "every core is halted for ever" "$xenoscope" boot "$images/machine_halt_for_ever.elf"
ends "timeout" 124 "time limit of 0.001 s reached" "$xenoscope" boot "$images/hypervisor.elf" --timeout 0.001
ends "panic" 6 "^xenoscope: hypervisor panic at" "$xenoscope" boot "$images/hypervisor.elf"
grep -qE '^\(XEN\) Panic on CPU 0: no dom0 kernel' out || { echo "FAILED: panic's words" && failed=1; }
grep -qE '^  \(XEN\) +\[<[0-9a-f]{16}>\] hypervisor\.elf: boot_main\+0x' err ||
  { echo "FAILED: panic's backtrace has no names" && cat err && failed=1; }

full() { # full NAME command...: standard output is a full disk
  local name=$1
  shift
  ends "$name" 4 "^xenoscope: standard output: No space left" sh -c 'exec "$@" >/dev/full' sh "$@"
  [ "$(wc -l <err)" = 1 ] || { echo "FAILED $name: more than one message" && cat err && failed=1; }
}
printf '{"name":"t","steps":[]}' >t.json
full "boot with standard output full" "$xenoscope" boot "$images/hello.elf"
full "validate with standard output full" "$xenoscope" validate t.json
full "list with standard output full" "$xenoscope" list t.json

[ $failed = 0 ] && echo "every end has its exit code"
exit $failed
