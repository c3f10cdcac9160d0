#include "sim/observe/perfetto.h"

#include <fmt/format.h>

#include <set>

#include "sim/observe/names.h"
#include "sim/observe/perfetto_tracks.h"

namespace xs::observe {
namespace {

// Track identifiers: a space in the upper half, the number within it in the lower.
constexpr u64 track(u32 space, u64 number) { return u64{space} << 40 | (number & 0xffffffffff); }
enum Space : u32 { space_process = 1, space_core, space_vcpu, space_counter, space_steps, space_console };
constexpr u64 machine_process = track(space_process, 0x10000),
              scenario_process = track(space_process, 0x10001);

class Exporter {
 public:
  Exporter(const TraceReader& trace, const std::string& file)
      : trace_(trace), out_(file), end_(trace.state_at(trace.last_time_ps())) {}
  void run();

 private:
  void describe_fixed();
  u64 vcpu_track(u64 dv);
  u64 domain_process(u32 domid);
  void instant(const Event& e, u64 uuid, const char* category, const std::string& name);

  void visit(const Event& e, const TraceState& before);
  void visit_operation(const Event& e, const TraceState& before);
  void visit_switch(const Event& e);
  void visit_grant(const Event& e);
  void flush_counters(const TraceState& state, u64 time_ps);
  const std::string& architecture() const { return trace_.header().architecture; }
  /// By the names known at the end: the toolstack names a domain after its creation.
  std::string label(u32 domid) const { return end_->domain_label(domid); }

  const TraceReader& trace_;
  TrackFile out_;
  std::unique_ptr<TraceState> end_;
  std::set<u32> dirty_;  // owners whose number of frames changed
  u64 counters_ps_ = 0;
};

void Exporter::describe_fixed() {
  constexpr int machine_pid = 100'000, scenario_pid = 100'001;
  out_.describe_process(machine_process, machine_pid, "machine");
  for (unsigned cpu = 0; cpu < trace_.header().cpus; ++cpu)
    out_.describe(track(space_core, cpu), fmt::format("CPU {}", cpu), machine_process);
  out_.describe_process(scenario_process, scenario_pid,
                        trace_.header().scenario.empty() ? "scenario" : trace_.header().scenario);
  out_.describe(track(space_steps, 0), "steps", scenario_process);
  out_.describe(track(space_console, 0), "console", scenario_process);
}

u64 Exporter::domain_process(u32 domid) {
  const u64 uuid = track(space_process, domid);
  out_.describe_process(uuid, static_cast<int>(domid) + 1, label(domid));
  return uuid;
}

u64 Exporter::vcpu_track(u64 dv) {
  const u64 uuid = track(space_vcpu, dv);
  if (!out_.described(uuid))
    out_.describe(uuid, fmt::format("vcpu{}", dv_vcpu(dv)), domain_process(dv_domid(dv)));
  return uuid;
}

void Exporter::instant(const Event& e, u64 uuid, const char* category, const std::string& name) {
  const std::string text(e.text);
  std::vector<Annotation> more;
  if (e.kind == EventKind::trap) more = {{"error", e.b}, {"address", e.c}, {"pc", e.d}};
  if (e.kind == EventKind::unmodelled) more = {{"where", e.b}, {"pc", e.c}};
  if (e.kind == EventKind::bounce) more = {{"pc", e.c}};
  if (e.kind == EventKind::grant) more = {{"frame", e.a}};
  if (e.kind == EventKind::console) more = {{"text", 0, &text}};
  out_.instant(uuid, e.time_ps, category, name, more);
}

void Exporter::flush_counters(const TraceState& state, u64 time_ps) {
  for (u32 owner : dirty_) {
    const u64 uuid = track(space_counter, owner);
    const bool domain = owner < XS_OWNER_XEN;
    if (!out_.described(uuid))
      out_.describe_counter(uuid, domain ? "frames" : fmt::format("frames: {}", owner_name(owner)),
                            domain ? domain_process(owner) : machine_process);
    out_.counter(uuid, time_ps, state.owned(owner));
  }
  dirty_.clear();
  counters_ps_ = time_ps;
}

void Exporter::visit_operation(const Event& e, const TraceState& before) {
  static const std::vector<OpenOperation> none;
  const auto open = before.vcpus().find(e.a);
  const auto& stack = open == before.vcpus().end() ? none : open->second;
  const u64 uuid = vcpu_track(e.a);
  const bool begins = e.kind == EventKind::op_begin;
  for (std::size_t i = begins ? ended_by_begin(stack, e.b) : ended_by_end(stack, e.b); i > 0; --i)
    out_.end(uuid, e.time_ps);
  if (begins) out_.begin(uuid, e.time_ps, "hypercall", operation_name(e.b));
}

void Exporter::visit_switch(const Event& e) {
  const u64 uuid = track(space_core, e.cpu);
  out_.end_all(uuid, e.time_ps);
  if (dv_domid(e.b) != idle_domid)
    out_.begin(uuid, e.time_ps, "vcpu", fmt::format("{} vcpu{}", label(dv_domid(e.b)), dv_vcpu(e.b)));
}

void Exporter::visit_grant(const Event& e) {
  const auto u = decode_grant(e.b, e.c, e.a);
  if (u)
    instant(e, domain_process(u->user), "grant",
            fmt::format("grant: {}, reference {} of {}", grant_use_name(u->use), u->ref, label(u->granter)));
}

void Exporter::visit(const Event& e, const TraceState& before) {
  // Counters at most once a microsecond of simulated time: one balloon call moves hundreds of frames.
  constexpr u64 counter_period_ps = 1'000'000;
  if (!dirty_.empty() && e.time_ps >= counters_ps_ + counter_period_ps) flush_counters(before, e.time_ps);
  switch (e.kind) {
    case EventKind::frame_owner:
      dirty_.insert({static_cast<u32>(e.b), static_cast<u32>(e.c)});
      break;
    case EventKind::op_begin:
    case EventKind::op_end:
      visit_operation(e, before);
      break;
    case EventKind::vcpu_switch:
      visit_switch(e);
      break;
    case EventKind::event_send:
      instant(e, vcpu_track(e.a), "event",
              fmt::format("event, port {}, from {}", e.b, label(static_cast<u32>(e.c))));
      break;
    case EventKind::grant:
      visit_grant(e);
      break;
    case EventKind::bounce:
      instant(e, vcpu_track(e.a), "exception", vector_name(architecture(), e.b));
      break;
    case EventKind::trap:
      instant(e, track(space_core, e.cpu), "trap", vector_name(architecture(), e.a));
      break;
    case EventKind::interrupt:
      instant(e, track(space_core, e.cpu), "trap", fmt::format("vector {:#x}", e.a));
      break;
    case EventKind::tlb_flush:
      instant(e, track(space_core, e.cpu), "tlb", "TLB flush");
      break;
    case EventKind::unmodelled:
      instant(e, track(space_core, e.cpu), "unmodelled", before.string(e.a));
      break;
    case EventKind::panic:
      instant(e, track(space_core, e.cpu), "panic", "panic");
      break;
    case EventKind::triple_fault:
      instant(e, track(space_core, e.cpu), "panic", "triple fault");
      break;
    case EventKind::boot:
      instant(e, track(space_core, e.cpu), "boot", boot_step_name(static_cast<unsigned>(e.a)));
      break;
    case EventKind::domain_created:
      instant(e, domain_process(static_cast<u32>(e.a)), "domain", "created");
      break;
    case EventKind::domain_ready:
      instant(e, domain_process(static_cast<u32>(e.a)), "domain", "first run");
      break;
    case EventKind::domain_state:
      instant(e, domain_process(static_cast<u32>(e.a)), "domain",
              domain_state_name(static_cast<unsigned>(e.b)));
      break;
    case EventKind::console:
      instant(e, track(space_console, 0), "console", before.string(e.a));
      break;
    case EventKind::step_begin:
      out_.begin(track(space_steps, 0), e.time_ps, "step", before.string(e.a));
      break;
    case EventKind::step_end:
      out_.end(track(space_steps, 0), e.time_ps);
      break;
    default:
      break;
  }
}

void Exporter::run() {
  describe_fixed();
  trace_.replay([&](const Event& e, const TraceState& before) {
    visit(e, before);
    return true;
  });
  flush_counters(*end_, end_->time_ps());
  out_.close(end_->time_ps());
}

}  // namespace

void export_perfetto(const TraceReader& trace, const std::string& file) { Exporter(trace, file).run(); }

}  // namespace xs::observe
