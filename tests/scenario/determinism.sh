#!/usr/bin/env bash
# The same scenario, seed and images give the same run: execution hash (core, instruction count, PC at every
# trap, interrupt and quantum end) and trace hash are equal with and without trace output, on an idle and on a
# loaded host, on 1 core and on several. Another seed is another noise, and so another run.
# usage: determinism.sh XENOSCOPE SCENARIOS ARCHITECTURE SCENARIO...
set -u
xenoscope=$(realpath "$1") scenarios=$(realpath "$2") arch=$3
shift 3
dir=$(mktemp -d)
load=()
trap 'kill "${load[@]}" 2>/dev/null; rm -rf "$dir"' EXIT
failed=0

# hashes FILE options...: both hashes and the simulated end, as the JSON result has them.
hashes() {
  local file=$1
  shift
  timeout 280 "$xenoscope" run "$file" --arch "$arch" --json "$dir/result.json" "$@" >"$dir/out" 2>&1 || {
    echo "FAILED: $file: exit code $?" >&2
    head -n 4 "$dir/out" >&2
    failed=1
  }
  grep -E '"(execution_hash|trace_hash|simulated_ps)"' "$dir/result.json" | tr -d ' ,'
}

same() {
  if [ "$2" = "$3" ]; then return; fi
  printf 'FAILED %s: runs differ:\n%s\n--\n%s\n' "$1" "$2" "$3"
  failed=1
}

for name in "$@"; do
  file=$scenarios/$name.json
  plain=$(hashes "$file")
  traced=$(hashes "$file" --trace "$dir/run.trace" --perfetto "$dir/perfetto")
  same "$name with trace output" "$plain" "$traced"
  for _ in 1 2 3; do
    (while :; do :; done) &
    load+=($!)
  done
  loaded=$(hashes "$file")
  kill "${load[@]}" 2>/dev/null
  load=()
  same "$name on a loaded host" "$plain" "$loaded"
done

one=$(hashes "$scenarios/regression/boot.json" --seed 1)
two=$(hashes "$scenarios/regression/boot.json" --seed 2)
if [ "$one" = "$two" ]; then
  echo "FAILED: seeds 1 and 2 gave the same run"
  failed=1
fi
[ $failed = 0 ] && echo "all runs repeat"
exit $failed
