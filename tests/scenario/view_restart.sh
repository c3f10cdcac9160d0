#!/usr/bin/env bash
# `view` in a window: Ctrl R begins the same run anew, in the same process's place, and what the first one used is gone; SIGINT
# ends it. usage: view_restart.sh XENOSCOPE SCENARIO
set -u
xenoscope=$(realpath "$1") scenario=$(realpath "$2")
for tool in Xvfb xdotool; do
  command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
done
dir=$(mktemp -d)
mkdir "$dir/tmp"
Xvfb -displayfd 3 -screen 0 1300x900x24 3>"$dir/display" >/dev/null 2>&1 &
server=$!
trap 'kill $view $server 2>/dev/null; rm -rf "$dir"' EXIT
view=
# until SECONDS COMMAND...: true as soon as it is.
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.1
  done
}
fail() {
  echo "FAILED: $*"
  cat "$dir/out"
  exit 1
}
whole() { "$xenoscope" inspect "$dir/run.trace" 2>/dev/null | grep -q 'shutdown-host'; }
anew() { [ "$(folders)" != "$first" ] && [ -n "$(folders)" ]; }
folders() { find "$dir/tmp" -mindepth 1 -maxdepth 1 | sort; }
press() { # a key, as a keyboard does: a window does not heed what is sent to it by name
  xdotool search --onlyvisible --name xenoscope windowfocus --sync >/dev/null 2>&1 && xdotool key "$1"
}

until_true 20 test -s "$dir/display" || fail "no display"
DISPLAY=:$(cat "$dir/display")
export DISPLAY TMPDIR=$dir/tmp
"$xenoscope" view "$scenario" --trace "$dir/run.trace" >"$dir/out" 2>&1 &
view=$!
until_true 120 whole || fail "the first run does not end"
first=$(folders)
began=$(awk '{ print $22 }' "/proc/$view/stat")
again() { # a new window may not yet listen
  press ctrl+r && sleep 0.5
  anew
}
until_true 60 again || fail "no run begins anew"
until_true 120 whole || fail "the second run does not end"
[ "$(awk '{ print $22 }' "/proc/$view/stat")" = "$began" ] || fail "it is another process"
[ "$(folders | wc -l)" = 1 ] || fail "the folder of the first run is left: $(folders)"
kill -INT $view
wait $view
code=$?
[ $code = 130 ] || fail "SIGINT: exit code $code"
[ -z "$(folders)" ] || fail "left behind: $(folders)"
