// Series have the hues of Okabe and Ito, as the visualizer's owners, which people with any colour vision tell
// apart; markers and dashes tell them apart on paper, too. Text and its ground differ by 4.5:1 at least
// (WCAG 2.1, 1.4.3), lines of plots by 3:1 (1.4.11).
#include "sim/report/page/style.h"

namespace xs::report {

std::string_view page_style() {
  return R"(:root { color-scheme: light dark; --ground: #ffffff; --text: #1c2127; --faint: #525c67; --line: #c6ccd3; --raised: #eef1f4;
  --accent: #0a5cb8; --bad: #bf2626; --s0: #0072b2; --s1: #d55e00; --s2: #007a59; --s3: #a8527f; --s4: #8f6200; --s5: #555b63; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #16191d; --text: #e4e8ec; --faint: #a3adb8; --line: #3a414a; --raised: #21262c;
    --accent: #6cb4ff; --bad: #ff8078; --s0: #56b4e9; --s1: #f0803c; --s2: #2fc59a; --s3: #e095c0; --s4: #e69f00; --s5: #b9c0c8; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 82rem; padding: 1.2rem; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.2rem; margin-top: 2.4rem; border-bottom: 1px solid var(--line); }
p, li, figcaption { max-width: 60rem; } a { color: var(--accent); }
nav ul { columns: 2 22rem; padding-left: 1.2rem; }
.wide { overflow-x: auto; margin: 1rem 0 .3rem; }
table { border-collapse: collapse; font-size: .87rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { padding: .22rem .6rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: baseline; }
thead th { background: var(--raised); vertical-align: bottom; max-width: 9rem; } th.group { text-align: center; border-left: 3px solid var(--ground); }
th.name { text-align: left; font-weight: 400; min-width: 13rem; max-width: 26rem; } thead th.name { font-weight: 600; }
tr.heading th { text-align: left; background: var(--raised); } td.word { text-align: left; max-width: 44rem; }
td.absent { color: var(--faint); } td.failed { color: var(--bad); font-weight: 600; }
sup { font-size: .7em; margin-left: .15em; }
ol.notes { font-size: .82rem; color: var(--faint); margin: .2rem 0 1rem; padding-left: 1.6rem; }
summary { color: var(--faint); font-size: .85rem; cursor: pointer; }
pre { background: var(--raised); padding: .6rem .8rem; overflow-x: auto; font: .8rem/1.45 "DejaVu Sans Mono", monospace; margin: .3rem 0 1rem; }
figure { display: inline-block; width: min(100%, 38rem); margin: 1rem 1.2rem 1rem 0; vertical-align: top; } figcaption { font-size: .87rem; font-weight: 600; }
svg { width: 100%; height: auto; } svg text { fill: var(--text); font: 13px system-ui, "DejaVu Sans", sans-serif; }
svg .grid { stroke: var(--line); stroke-width: 1; fill: none; } svg .axis { stroke: var(--faint); stroke-width: 1; fill: none; }
svg .line { fill: none; stroke-width: 2.2; } svg .mark { stroke: var(--ground); stroke-width: 1; }
.s0 { stroke: var(--s0); fill: var(--s0); } .s1 { stroke: var(--s1); fill: var(--s1); } .s2 { stroke: var(--s2); fill: var(--s2); }
.s3 { stroke: var(--s3); fill: var(--s3); } .s4 { stroke: var(--s4); fill: var(--s4); } .s5 { stroke: var(--s5); fill: var(--s5); }
.d1 { stroke-dasharray: 7 4; } .d2 { stroke-dasharray: 2 3; } .d3 { stroke-dasharray: 9 3 2 3; } .d4 { stroke-dasharray: 5 2; } .d5 { stroke-dasharray: 1 4; }
@media print {
  @page { size: A4 landscape; margin: 12mm; }
  :root { --ground: #ffffff; --text: #000000; --faint: #444444; --line: #bbbbbb; --raised: #f0f0f0; --accent: #000000; --bad: #a00000;
    --s0: #0072b2; --s1: #d55e00; --s2: #007a59; --s3: #a8527f; --s4: #8f6200; --s5: #555b63; }
  body { max-width: none; padding: 0; font-size: 10pt; } nav { display: none; } .wide { overflow: visible; } table { font-size: 8.5pt; }
  th, td { padding: .1rem .3rem; } th.name { min-width: 8rem; } thead th { max-width: 6rem; } tr, figure, pre { break-inside: avoid; }
  pre { white-space: pre-wrap; font-size: 7pt; }
}
)";
}

}  // namespace xs::report
