// Each view's controls, worked one after another; each step checks what it must have changed.
#pragma once
#include <span>

#include "tests/unit/viz/tour/stage.h"

namespace xs::test {

struct Tour {
  const char* what;
  void (*go)(Stage&);
};
/// Of whatever is shown, and of what a live run has besides.
std::span<const Tour> tours(Kind kind);

void tour_toolbar(Stage& s);
void tour_looks(Stage& s);
void tour_caption(Stage& s);
void tour_splitters(Stage& s);
void tour_tabs(Stage& s);
void tour_map(Stage& s);
void tour_timeline(Stage& s);
void tour_domains(Stage& s);
void tour_frame(Stage& s);
void tour_p2m(Stage& s);
void tour_links(Stage& s);
void tour_consoles(Stage& s);
void tour_dashboards(Stage& s);
void tour_run_control(Stage& s);
void tour_search_by_address(Stage& s);
void tour_counts(Stage& s);
void tour_dirty(Stage& s);
void tour_cpus(Stage& s);
void tour_content(Stage& s);
void tour_translation(Stage& s);
void tour_breakpoints(Stage& s);
void tour_operator(Stage& s);
/// Of a recording with grants in use (grants_trace.h).
void tour_grants(Stage& s);

}  // namespace xs::test
