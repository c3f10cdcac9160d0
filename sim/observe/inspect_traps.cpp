#include <fmt/format.h>

#include "sim/observe/inspect.h"
#include "sim/observe/names.h"

namespace xs::observe {

std::string inspect_traps(const TraceReader& trace) {
  const std::string& architecture = trace.header().architecture;
  std::string text;
  trace.replay([&](const Event& e, const TraceState&) {
    const std::string head = fmt::format("{:>18}  CPU {}  ", time_text(e.time_ps), e.cpu);
    if (e.kind == EventKind::interrupt)
      text += fmt::format("{}interrupt {:#x} at {:#x}\n", head, e.a, e.b);
    else if (e.kind == EventKind::trap)
      text += fmt::format("{}{} at {:#x}, {} {:#x}, address {:#x}\n", head, vector_name(architecture, e.a),
                          e.d, architecture == "ia64" ? "isr" : "error code", e.b, e.c);
    return true;
  });
  return text;
}

}  // namespace xs::observe
