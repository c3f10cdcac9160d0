#!/usr/bin/env bash
# For tests that drive a real gdb; to be sourced. usage: . gdb_session.sh GDB
gdb=$1
command -v "$gdb" >/dev/null || {
  echo "no $gdb: install it (scripts/install-deps test)"
  exit 77
}
dir=$(mktemp -d)
pids=()
wait=(-S)
trap 'kill "${pids[@]}" 2>/dev/null; rm -rf "$dir"' EXIT
failed=0
fail() {
  echo "FAILED $*"
  failed=1
}

hashes() { grep -E '"(execution_hash|trace_hash|simulated_ps)"' "$1" | tr -d ' ,'; }

# debug NAME SCRIPT FILE command...: runs the command with --gdb, and on it gdb with this file's symbols; output in NAME.out,
# gdb's in NAME.log.
debug() {
  local name=$1 script=$2 file=$3 socket=$dir/$1.sock
  shift 3
  timeout 240 "$@" --gdb "unix:$socket" "${wait[@]}" >"$dir/$name.out" 2>"$dir/$name.err" &
  local pid=$!
  pids+=("$pid")
  for _ in $(seq 200); do
    [ ! -S "$socket" ] || break
    sleep 0.05
  done
  timeout 200 "$gdb" -batch -nx -ex "set pagination off" -ex "set confirm off" -ex "set width 0" \
    -ex "file $file" -ex "target remote $socket" -x "$script" >"$dir/$name.log" 2>&1 ||
    fail "$name: gdb's exit code"
  wait "$pid"
  echo "exit code $?" >>"$dir/$name.out"
}

# says NAME TEXT...: each regular expression is in gdb's output, in this order.
says() {
  local name=$1 from=1 line text
  shift
  for text in "$@"; do
    line=$(tail -n +"$from" "$dir/$name.log" | grep -nE -m 1 -- "$text" | cut -d: -f1)
    if [ -z "$line" ]; then
      fail "$name: \"$text\" is not in gdb's output from line $from on:"
      cat "$dir/$name.log" "$dir/$name.err"
      return
    fi
    from=$((from + line))
  done
}

same_run() { # same_run NAME PLAIN DEBUGGED
  if [ -n "$2" ] && [ "$2" = "$3" ]; then return; fi
  fail "$(printf '%s: the debugged run differs:\n%s\n--\n%s' "$1" "$2" "$3")"
}
