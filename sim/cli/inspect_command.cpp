#include <fmt/format.h>

#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/core/error.h"
#include "sim/observe/inspect.h"

namespace xs::cli {
namespace {

struct InspectOptions {
  std::string trace, frame, at;
  std::optional<u32> domain;
  bool p2m = false, traps = false;
};

u64 frame_number(const std::string& text) {
  std::size_t used = 0;
  try {
    const u64 mfn = std::stoull(text, &used, 0);
    if (used == text.size() && text[0] != '-') return mfn;
  } catch (const std::exception&) {
  }
  throw Error(fmt::format("--frame {}: must be a machine frame number, decimal or 0x...", text));
}

int inspect(const InspectOptions& o) {
  if (!o.frame.empty() && o.domain) throw Error("--frame and --domain are two questions: ask one at a time");
  if (o.p2m && !o.domain) throw Error("--p2m needs --domain N");
  if (!o.frame.empty() && !o.at.empty())
    throw Error("--frame shows the whole history: --at does not go with it");
  if (o.traps && (!o.frame.empty() || !o.at.empty() || o.domain))
    throw Error("--traps shows all there were: no other question goes with it");
  const observe::TraceReader trace(o.trace);
  u64 time_ps = trace.last_time_ps();
  if (!o.at.empty()) {
    const auto parsed = observe::parse_time_ps(o.at);
    if (!parsed) throw Error(fmt::format("--at {}: must be a time: 12.5ms, 300us, 2s", o.at));
    if (*parsed > time_ps)
      throw Error(fmt::format("--at {}: the trace ends at {}", o.at, observe::time_text(time_ps)));
    time_ps = *parsed;
  }
  if (!o.frame.empty()) print(observe::inspect_frame(trace, frame_number(o.frame)));
  if (o.domain && o.p2m)
    print(observe::inspect_p2m(trace, *o.domain, time_ps));
  else if (o.domain)
    print(observe::inspect_domain(trace, *o.domain, time_ps));
  else if (!o.at.empty())
    print(observe::inspect_at(trace, time_ps));
  if (o.traps)
    print(observe::inspect_traps(trace));
  else if (o.frame.empty() && !o.domain && o.at.empty())
    print(observe::inspect_summary(trace));
  if (!trace.complete())
    std::fprintf(stderr, "xenoscope: %s: incomplete: %s\n", o.trace.c_str(), trace.damage().c_str());
  return 0;
}

}  // namespace

void add_inspect(CLI::App& app, Action& action) {
  auto o = std::make_shared<InspectOptions>();
  CLI::App* c =
      app.add_subcommand("inspect", "Ask a native trace who owned what, when, through which operation");
  c->add_option("trace", o->trace, "Native trace (run.trace)")->required();
  c->add_option("--frame", o->frame, "History of one machine frame")->type_name("MFN");
  c->add_option("--domain", o->domain, "What a domain gained and lost, operation by operation")
      ->type_name("N");
  c->add_option("--at", o->at,
                "Ownership at a simulated time, as 12.5ms; with --domain: its history up to then")
      ->type_name("TIME");
  c->add_flag("--p2m", o->p2m, "With --domain: its P2M table (at --at, or the end)");
  c->add_flag("--traps", o->traps, "Exceptions and interrupts in their order: when, which, where, why");
  c->footer("Example: xenoscope inspect /tmp/balloon/balloon/run.trace --frame 0xf2d40042");
  c->callback([o, &action] { action = [o] { return inspect(*o); }; });
}

}  // namespace xs::cli
