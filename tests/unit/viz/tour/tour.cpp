#include "tests/unit/viz/tour/tour.h"

#include <array>

namespace xs::test {
namespace {

// What only a live run has comes last: the first of these are a recording's, too.
constexpr std::array all = {Tour{"toolbar", tour_toolbar},
                            Tour{"looks", tour_looks},
                            Tour{"caption", tour_caption},
                            Tour{"splitters", tour_splitters},
                            Tour{"tabs", tour_tabs},
                            Tour{"map", tour_map},
                            Tour{"timeline", tour_timeline},
                            Tour{"domains", tour_domains},
                            Tour{"frame", tour_frame},
                            Tour{"P2M", tour_p2m},
                            Tour{"links", tour_links},
                            Tour{"consoles", tour_consoles},
                            Tour{"dashboards", tour_dashboards},
                            Tour{"run control", tour_run_control},
                            Tour{"search by address", tour_search_by_address},
                            Tour{"counts", tour_counts},
                            Tour{"dirty", tour_dirty},
                            Tour{"CPUs", tour_cpus},
                            Tour{"a frame's content", tour_content},
                            Tour{"translation", tour_translation},
                            Tour{"breakpoints", tour_breakpoints},
                            Tour{"operator", tour_operator}};
constexpr std::size_t of_replay = 13;
static_assert(all[of_replay].go == tour_run_control);

}  // namespace

std::span<const Tour> tours(Kind kind) {
  return std::span<const Tour>(all).first(kind == Kind::live ? all.size() : of_replay);
}

}  // namespace xs::test
