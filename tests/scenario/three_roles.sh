#!/usr/bin/env bash
# One file, by hash, natively, as dom0 and as a domain of its own; what each says it is.
# usage: three_roles.sh XENOSCOPE IMAGES(one architecture's) ARCHITECTURE
set -u
xenoscope=$(realpath "$1") images=$(realpath "$2") arch=$3
usual=direct # memory model
[ "$arch" = x86_64 ] || usual=translated
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
cp "$images/kernel.elf" subject.elf
sha256sum subject.elf >hash
failed=0

# role NAME command...: ends with 0 and leaves the file as it was; output in out
role() {
  local name=$1
  shift
  timeout 240 "$@" >out 2>err </dev/null || { echo "FAILED $name: exit code $?" && head -n 20 out err && failed=1; }
  sha256sum --quiet -c hash || failed=1
}
says() { # says NAME FILE LINE...
  local name=$1 file=$2 line
  shift 2
  for line; do
    grep -qE -- "$line" "$file" || { echo "FAILED $name: \"$line\" is not said" && head -n 40 "$file" && failed=1; }
  done
}
silent() { # silent NAME FILE TEXT
  ! grep -qE -- "$3" "$2" || { echo "FAILED $1: \"$3\" is said" && failed=1; }
}
worked='forker\[1\]: 4 children ended, address spaces are separate$'
verified='worker\[2\]: round 1: 128 pages verified$'

role native "$xenoscope" boot subject.elf --append "do='info;shutdown-host'"
says native out '^kernel: native, .* memory model native$' '^kernel: no hypervisor: ' '^nr_cpus .*: 1$'
silent native out 'dom0|domU'

role dom0 "$xenoscope" boot "$images/hypervisor.elf" --module subject.elf \
  --append "dom0_mem=64M dom0=\"do='info;shutdown-host'\""
says dom0 out '^\(d0\) kernel: dom0, 64 MiB .* memory model '$usual'$' '^\(d0\) nr_cpus .*: 1$'
silent dom0 out 'native|no hypervisor'

if [ "$arch" = ia64 ]; then # as dom0 also where frames have the machine's numbers
  role identity "$xenoscope" boot "$images/hypervisor.elf" --module subject.elf \
    --append "dom0_mem=64M dom0_model=identity dom0=\"do='info;shutdown-host'\""
  says identity out '^\(d0\) kernel: dom0, 64 MiB .* memory model identity$' '^\(d0\) nr_cpus .*: 1$'
  silent identity out 'not used'
fi

cat >roles.json <<END
{"name": "roles", "machine": {"cpus": 1},
 "dom0": {"kernel": "$dir/subject.elf", "memory": 64},
 "domains": [{"name": "web", "memory": 32, "kernel": "$dir/subject.elf"},
             {"name": "far", "memory": 32, "kernel": "$dir/subject.elf", "model": "translated"}],
 "limits": {"simulated_s": 60, "wall_s": 200},
 "steps": [
   {"create": "web"},
   {"wait": {"console": "web", "text": "round 1:", "within_s": 20}},
   {"create": "far"},
   {"wait": {"console": "far", "text": "round 1:", "within_s": 20}},
   {"shutdown-host": {}}]}
END
role domU "$xenoscope" run roles.json --arch "$arch" --out art
says dom0 art/roles/consoles/dom0.txt 'kernel: dom0, .* memory model '$usual'$'
says domU art/roles/consoles/dom1.txt 'kernel: domU, 32 MiB .* memory model '$usual'$' "$worked" "$verified"
says translated art/roles/consoles/dom2.txt 'kernel: domU, 32 MiB .* memory model translated$' "$worked" "$verified"
for console in dom0 dom1 dom2; do silent "$console" art/roles/consoles/$console.txt 'native'; done

[ $failed = 0 ] && echo "one file, $(cut -c1-16 hash): native, dom0, domU"
exit $failed
