#!/usr/bin/env bash
# On the bare machine: the driver's objects for it and for every kernel read the same of a file; the one for domains is refused, and so are
# one that there is none of, and, where the kernel gives far RAM other numbers (x86-64), the bare machine's own.
# usage: native_drivers.sh XENOSCOPE IMAGES(one architecture's) ARCHITECTURE
set -u
xenoscope=$(realpath "$1") images=$(realpath "$2") arch=$3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
cp "$images/kernel.elf" kernel && tar --format=ustar -cf disk.tar kernel
failed=0
says() { # says DRIVER MIB COMMANDS LINE...: what the kernel prints
  local driver=$1 mib=$2 commands=$3 line
  shift 3
  timeout 100 "$xenoscope" boot "$images/kernel.elf" --memory "$mib" --disk disk.tar --append "driver=$driver do='$commands'" \
    </dev/null >out 2>err || { echo "FAILED $driver, $mib MiB: exit code $?" && cat out err && failed=1; }
  for line; do
    grep -qxE -- "$line" out || { echo "FAILED $driver, $mib MiB: \"$line\" is not said" && cat out && failed=1; }
  done
}
refused='kernel: virtio block device refused: EOPNOTSUPP'
for driver in native transparent; do
  says $driver 128 'hash kernel; shutdown-host' 'kernel: virtio block device, interrupts' '[0-9a-f]{16} kernel'
  grep -xE '[0-9a-f]{16} kernel' out >$driver.hash
done
cmp native.hash transparent.hash || failed=1
says paravirtual 128 shutdown-host 'kernel: the paravirtual driver is not for memory model native' "$refused"
says imaginary 128 shutdown-host 'kernel: virtio block device refused: ENOENT'
if [ "$arch" = x86_64 ]; then
  says native 512 shutdown-host 'kernel: the native driver is not for memory model native' "$refused"
else
  says native 512 'hash kernel; shutdown-host' "$(cat native.hash)"
fi
[ $failed = 0 ] && echo "drivers on the bare machine: as they should be"
exit $failed
