#!/usr/bin/env bash
# Programs for the bare IA-64 machine, unchanged, as dom0: hypervisor and processor together give them what the processor
# gives them alone. usage: domain_programs.sh XENOSCOPE IMAGES(IA-64's)
set -u
xenoscope=$(realpath "$1") images=$(realpath "$2")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

run() { # run NAME xenoscope's arguments...
  local name=$1
  shift
  timeout 240 "$xenoscope" boot "$@" >"$dir/$name" 2>"$dir/err" </dev/null ||
    { echo "FAILED $program $name: exit code $?" && cat "$dir/err" && failed=1; }
}
for program in hello corner-float mix; do
  run alone "$images/$program.elf"
  run domain "$images/hypervisor.elf" --module "$images/$program.elf"
  sed -nE 's/^\(d0\) //p' "$dir/domain" >"$dir/said"
  diff "$dir/alone" "$dir/said" || { echo "FAILED $program" && failed=1; }
  tail -n 1 "$dir/alone"
done
exit $failed
