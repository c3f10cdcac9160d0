#!/usr/bin/env bash
# Every label in a target image's code is a function with a size: a backtrace then names it, and nothing else.
# usage: image_symbols.sh IMAGES(one architecture's) IMAGE...
set -u
cd "$1" || exit 1
shift
failed=0
for image; do
  # Section numbers of executable sections, then the symbols that lie in one of them. The linker scripts' own
  # symbols mark places, not code.
  bad=$(
    {
      readelf -SW "$image" | sed -nE 's/^ *\[ *([0-9]+)\] .* [WAXMSILOGTCxop]*X[WAXMSILOGTCxop]* .*/section \1/p'
      readelf -sW "$image" | sed -nE 's/^ *[0-9]+: [0-9a-f]+ +(0x[0-9a-f]+|[0-9]+) +([A-Z]+) +[A-Z]+ +[A-Z]+ +([0-9]+) +(.*)$/symbol \3 \2 \1 \4/p'
    } | awk '$1 == "section" { code[$2] = 1 }
      $1 == "symbol" && code[$2] && $5 !~ /^(image_start|text_end)$/ {
        seen++
        if ($3 == "NOTYPE" || ($3 == "FUNC" && $4 == 0)) print "    " $5
      }
      END { if (seen < 3) print "    no symbols in the code" }'
  )
  [ -z "$bad" ] && continue
  echo "FAILED $image: code without type or size:"
  echo "$bad"
  failed=1
done
[ $failed = 0 ] && echo "all code has names"
exit $failed
