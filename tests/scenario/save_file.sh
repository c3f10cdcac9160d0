#!/usr/bin/env bash
# A domain is saved to a file of the host's by one run and goes on in another one; between them the stream is what `xenoscope stream` and,
# for x86, Xen's own checker take, and what is damaged they and `restore` refuse.
# usage: save_file.sh XENOSCOPE HERE ARCHITECTURE MODEL DOM0_MODEL
set -u
xenoscope=$1 here=$2 arch=$3
settings=(--arch "$arch" --set "model=$4" --set "dom0_model=$5")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
fail() {
  echo "FAILED $*"
  failed=1
}

run() { # run NAME FILE
  "$xenoscope" run "$here/$1.json" "${settings[@]}" --set "file=$2" >"$dir/$1.out" 2>&1
}

run save-to-file "$dir/disk" || { fail "saving"; tail -n 30 "$dir/save-to-file.out"; }
grep -E 'domain [0-9]+: [0-9]+ pages, ' "$dir/save-to-file.out"
"$xenoscope" stream "$dir/disk" >"$dir/list" 2>&1 || { fail "xenoscope stream"; cat "$dir/list"; }
bytes=$(grep -oE 'pages, [0-9]+ bytes' "$dir/save-to-file.out" | grep -oE '[0-9]+' | head -n 1)
head -c "$bytes" "$dir/disk" >"$dir/stream"

checker=/usr/lib/xen-4.17/bin/verify-stream-v2
if [ "$arch" = x86_64 ]; then
  if [ -x $checker ]; then
    PYTHONPATH=/usr/lib/xen-4.17/lib/python $checker -i "$dir/stream" >"$dir/checked" 2>&1 || { fail "verify-stream-v2"; cat "$dir/checked"; }
  else
    echo "skipped: no verify-stream-v2 (scripts/install-deps test)"
  fi
fi

cp "$dir/disk" "$dir/damaged"
printf '\x63' | dd of="$dir/damaged" bs=1 seek=40 conv=notrunc status=none # the first record's type
"$xenoscope" stream "$dir/damaged" >"$dir/list" 2>&1 && fail "xenoscope stream takes a damaged stream"
if run restore-from-file "$dir/damaged"; then fail "a damaged stream is restored"; fi
grep -q 'refused: EINVAL record 0' "$dir/restore-from-file.out" || { fail "what is told of a damaged stream"; tail -n 30 "$dir/restore-from-file.out"; }

run restore-from-file "$dir/disk" || { fail "restoring"; grep -E 'reason|!' "$dir/restore-from-file.out"; tail -n 30 "$dir/restore-from-file.out"; }
exit $failed
