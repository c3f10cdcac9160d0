#!/usr/bin/env bash
# `report p2m --quick`: a page that is well-formed, Markdown with the same figures, figures that `run` and `compare` say, two reports that are
# the same byte by byte; what cannot be written, a scenario that fails and one that cannot be read are told, and the rest is there.
# usage: report.sh XENOSCOPE SCENARIOS
set -u
xenoscope=$(realpath "$1") scenarios=$(realpath "$2")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failed=0
fail() {
  echo "FAILED: $*"
  failed=1
}
report() { # report CODE ARGUMENTS...
  local code=$1 got
  shift
  timeout 500 "$xenoscope" report p2m "$@" >out 2>err </dev/null
  got=$?
  [ $got = "$code" ] || { fail "report p2m $*: exit code $got, expected $code" && cat out err; }
}

report 0 --out one --quick -j 2
[ -s err ] && fail "not silent in a pipe: $(cat err)"
report 0 --out two --quick -j 3
for file in p2m.html p2m.md p2m.json; do
  [ -s one/$file ] || fail "no $file"
  cmp one/$file two/$file || fail "$file: another one the second time"
done

python3 - one "$scenarios" <<'END' || failed=1
import html.parser, json, re, sys, xml.dom.minidom
folder = sys.argv[1]
page, text = (open(f"{folder}/p2m.{kind}").read() for kind in ("html", "md"))
bad = []
xml.dom.minidom.parseString(page)  # every element ends where it must
for word in ("http://", "https://", "<script", "<link", "url("):
    if word in page.replace("http://www.w3.org/1999/xhtml", "").replace("http://www.w3.org/2000/svg", ""):
        bad.append(f"the page needs something beside it: {word}")

class Tables(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.rows, self.row, self.cell, self.sup = [], None, None, False
    def handle_starttag(self, tag, attrs):
        if tag == "tr": self.row = []
        if tag in ("td", "th"): self.cell = ""
        if tag == "sup": self.sup = True
    def handle_endtag(self, tag):
        if tag == "sup": self.sup = False
        if tag in ("td", "th") and self.row is not None: self.row.append(self.cell.strip()); self.cell = None
        if tag == "tr": self.rows.append(self.row); self.row = None
    def handle_data(self, data):
        if self.cell is not None and not self.sup: self.cell += data

tables = Tables()
tables.feed(page)
number = re.compile(r"^-?[0-9]+(\.[0-9]+)?$")
in_page = [[c for c in row if number.match(c)] for row in tables.rows]
in_text = [[c.strip() for c in line.split("|") if number.match(c.strip())] for line in text.splitlines() if line.startswith("|")]
in_page, in_text = ([row for row in rows if row] for rows in (in_page, in_text))
if in_page != in_text or len(in_page) < 60:
    bad.append(f"figures of the page and of the text differ: {len(in_page)} and {len(in_text)} rows with figures")

raw = json.load(open(f"{folder}/p2m.json"))
archs = {run["result"]["arch"] for run in raw["runs"]}
refused = {run["refused"] for run in raw["runs"] if "refused" in run}
if archs != {"x86_64", "ia64"}: bad.append(f"architectures: {archs}")
if refused != {"dom0_model=direct: there is no such memory model here"}: bad.append(f"refused: {refused}")
for reason in refused:
    if reason not in page: bad.append(f"not in the page: {reason}")
for run in raw["runs"]:
    if "failed" in run: bad.append(f"failed: {run}")
    if "wall_s" in run["result"]: bad.append("time of the host in the raw results")
if page.count("<svg") < 4: bad.append("plots are missing")
print("\n".join("FAILED: " + b for b in bad), end="\n" if bad else "")
sys.exit(bool(bad))
END

# One figure by hand: instructions of a MiB more, on each architecture, by what the page says to type.
for arch in x86_64 ia64; do
  for mib in 16 80; do
    timeout 500 "$xenoscope" run "$scenarios/demo/create.json" --arch $arch --set dom0_model=translated --set model=translated --set memory=$mib \
      --json $arch-$mib.json >/dev/null 2>&1 </dev/null || fail "run: $arch, $mib MiB"
  done
done
python3 - <<'END' || failed=1
import json, sys
def instructions(arch, mib):
    return json.load(open(f"{arch}-{mib}.json"))["results"][0]["counters"]["machine.instructions"]
want = [f"{(instructions(a, 80) - instructions(a, 16)) / 64:.0f}" for a in ("x86_64", "ia64")]
table = open("one/p2m.md").read().split("**A MiB more of a domain")[1]
row = next(line for line in table.splitlines() if line.startswith("| instructions |")).split("|")
got = [row[-3].strip(), row[-2].strip()]
if got != want: print(f"FAILED: instructions of a MiB are {got}, by hand {want}")
sys.exit(got != want)
END

# What goes wrong.
: >file
report 4 --out file/below --quick
grep -q '^xenoscope: file/below' err || fail "a folder that cannot be made: $(cat err)"
report 4 --out file --quick
[ "$(wc -l <err)" = 1 ] || fail "more or less than one line: $(cat err)"
if [ -c /dev/full ]; then
  mkdir full && ln -s /dev/full full/p2m.json
  report 4 --out full --quick --scenarios nowhere  # no scenario can be read, so nothing has to run
  grep -q 'No space left' err || fail "a full disk: $(cat err)"
fi
report 4 --quick
grep -q -- '--out is required' out err || fail "--out is not asked for: $(cat err)"
timeout 60 "$xenoscope" report p3m --out x >out 2>&1 </dev/null
[ $? = 4 ] || fail "an unknown report: $(cat out)"

# A scenario that fails, and one that is none: their cells say so, the others have their figures, the worst code counts.
cp -r "$scenarios" broken
sed -i 's/"at_least": 32}/"at_least": 100000}/' broken/demo/balloon.json
echo '{' >broken/demo/create.json
report 5 --out three --quick -j 2 --scenarios broken
grep -q 'demo/balloon.json.*the frames are free again' out || fail "the run that failed is not named: $(cat out)"
grep -q '^  \./xenoscope run scenarios/demo/create.json .*broken/demo/create.json:' out || fail "the scenario that cannot be read is not named: $(cat out)"
grep -q '\*\*failed\*\*' three/p2m.md || fail "no cell has failed"
grep -q 'broken/demo/create.json:' three/p2m.md || fail "the scenario that cannot be read is not named"
grep -q 'million instructions | [0-9]' three/p2m.md || fail "other tables have no figures"
[ $failed = 0 ] && echo "the report says what its runs say"
exit $failed
