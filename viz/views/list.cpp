#include <algorithm>
#include <array>

#include "viz/views/view.h"

namespace xs::viz {
namespace {

constexpr std::array all = {
    View{"map", "Machine map", draw_map},
    View{"domains", "Domains", draw_domains},
    View{"frame", "Frame", draw_frame},
    View{"p2m", "P2M", draw_p2m},
    View{"links", "Links", draw_links},
    View{"cpus", "CPUs", draw_cpus},
    View{"translation", "Address", draw_translation},
    View{"consoles", "Consoles", draw_consoles},
    View{"dashboards", "Charts", draw_dashboards},
    View{"breakpoints", "Breaks", draw_breakpoints},
    View{"timeline", "Timeline", draw_timeline},
};

}  // namespace

std::span<const View> views() { return all; }

const View* find_view(const std::string& name) {
  const auto at = std::find_if(all.begin(), all.end(), [&](const View& v) { return v.name == name; });
  return at == all.end() ? nullptr : &*at;
}

}  // namespace xs::viz
