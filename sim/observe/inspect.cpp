#include "sim/observe/inspect.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "sim/observe/names.h"

namespace xs::observe {
namespace {

Cause cause_of(const Event& e, const TraceState& before) {
  Cause c;
  c.cpu = e.cpu;
  const OpenOperation* op = before.operation(e.cpu);
  const u64 dv = before.running(e.cpu);
  c.domid = dv_domid(dv), c.vcpu = dv_vcpu(dv);
  c.in_operation = op != nullptr;
  c.operation = op ? op->operation : 0;
  c.text =
      op ? fmt::format("{} vcpu{} {}", before.domain_label(c.domid), c.vcpu, operation_name(op->operation))
         : "no operation";
  return c;
}

std::string type_text(u64 bits) {
  const u8 b = static_cast<u8>(bits);
  // A type without VALIDATED has no reference: it lingers until the frame is used as something else.
  const bool idle = type_of_bits(b) != XS_FRAME_NONE && !validated_bits(b);
  return fmt::format("{}{}{}", frame_type_name(type_of_bits(b)), pinned_bits(b) ? " pinned" : "",
                     idle ? " (unused)" : "");
}

std::string gfn_text(u64 gfn) {
  if (gfn == XS_M2P_INVALID) return "invalid";
  if (gfn == XS_M2P_SHARED) return "shared";
  return fmt::format("{:#x}", gfn);
}

/// A change of what the frame is, or of who maps it by a grant.
bool changes_frame(const Event& e) {
  return e.kind == EventKind::frame_owner || e.kind == EventKind::frame_type || e.kind == EventKind::m2p ||
         (e.kind == EventKind::grant && is_mapping(e.c));
}

std::optional<FrameEvent> frame_event(const Event& e, const TraceState& before) {
  FrameEvent f;
  if (e.kind == EventKind::frame_owner) {
    f.what = FrameChange::What::owner;
    f.text = fmt::format("owner {} -> {}", before.domain_label(static_cast<u32>(e.b)),
                         before.domain_label(static_cast<u32>(e.c)));
  } else if (e.kind == EventKind::frame_type) {
    f.what = FrameChange::What::type;
    f.text = fmt::format("type {} -> {}", type_text(e.b), type_text(e.c));
  } else if (e.kind == EventKind::m2p) {
    f.what = FrameChange::What::m2p;
    f.text = fmt::format("M2P {} -> {}", gfn_text(e.b), gfn_text(e.c));
  } else if (e.kind == EventKind::grant) {
    f.what = FrameChange::What::grant;
    f.text = grant_text(e, before);
  } else {
    return std::nullopt;
  }
  f.time_ps = e.time_ps;
  f.old_value = e.b, f.new_value = e.c;
  f.cause = cause_of(e, before);
  return f;
}

/// What a domain lets others use, and uses of others, by grants.
std::string grants_text(const TraceState& state, u32 domid) {
  std::string text;
  for (const auto& [key, grant] : state.grants().all()) {
    if (key.granter == domid)
      text += fmt::format("{:>18}  reference {} to {}, frame {:#x}: {}\n", "grants", key.ref,
                          state.domain_label(key.user), grant.mfn, mappings_text(grant));
    if (key.user == domid)
      text += fmt::format("{:>18}  reference {} of {}, frame {:#x}: {}\n", "maps", key.ref,
                          state.domain_label(key.granter), grant.mfn, mappings_text(grant));
  }
  return text;
}

bool same_cause(const Cause& a, const Cause& b) {
  return a.in_operation == b.in_operation && a.operation == b.operation && a.domid == b.domid &&
         a.vcpu == b.vcpu && a.cpu == b.cpu;
}

}  // namespace

std::string grant_text(const Event& e, const TraceState& state) {
  const auto use = decode_grant(e.b, e.c, e.a);
  if (!use) return "grant";
  return fmt::format("{} for {}: {}, reference {} of {}", grant_use_name(use->use),
                     use->write ? "writing" : "reading", state.domain_label(use->user), use->ref,
                     state.domain_label(use->granter));
}

std::vector<FrameEvent> frame_events(const TraceReader& trace, u64 mfn) {
  if (trace.header().ram.index(mfn) == RamMap::none) throw Error(fmt::format("frame {:#x} is not RAM", mfn));
  std::vector<FrameEvent> events;
  trace.replay([&](const Event& e, const TraceState& before) {
    if (changes_frame(e) && e.a == mfn) events.push_back(*frame_event(e, before));
    return true;
  });
  return events;
}

std::vector<DomainMemoryEvent> domain_memory(const TraceReader& trace, u32 domid) {
  std::vector<DomainMemoryEvent> rows;
  std::string step;
  bool grouping = false;  // does the next change belong to the last row?
  trace.replay([&](const Event& e, const TraceState& before) {
    if (e.kind == EventKind::step_begin) step = before.string(e.a);
    if (e.kind == EventKind::step_end) step.clear();
    if (e.kind == EventKind::op_begin || e.kind == EventKind::op_end) grouping = false;
    if (e.kind != EventKind::frame_owner || (e.b != domid && e.c != domid)) return true;
    Cause cause = cause_of(e, before);
    if (!grouping || !same_cause(rows.back().cause, cause) || rows.back().step != step)
      rows.push_back({e.time_ps, e.time_ps, 0, 0, 0, step, std::move(cause)});
    grouping = true;
    DomainMemoryEvent& row = rows.back();
    row.last_ps = e.time_ps;
    row.gained += e.c == domid, row.lost += e.b == domid;
    row.frames = before.owned(domid) + (e.c == domid) - (e.b == domid);
    return true;
  });
  return rows;
}

std::string inspect_frame(const TraceReader& trace, u64 mfn) {
  std::string text = fmt::format("frame {:#x}\n", mfn);
  const std::vector<FrameEvent> events = frame_events(trace, mfn);
  for (const FrameEvent& e : events)
    text += fmt::format("{:>18}  {:<36} by {}\n", time_text(e.time_ps), e.text, e.cause.text);
  const auto end = trace.state_at(trace.last_time_ps());
  const FrameState& f = end->frame(end->ram().index(mfn));
  return text + fmt::format("{:>18}  owner {}, type {}, M2P {}\n", "at the end", end->domain_label(f.owner),
                            type_text(f.type_bits), gfn_text(f.gfn));
}

std::string inspect_domain(const TraceReader& trace, u32 domid, u64 until_ps) {
  const bool whole = until_ps >= trace.last_time_ps();
  const auto end = trace.state_at(whole ? trace.last_time_ps() : until_ps);
  std::string text = fmt::format("{}\n", end->domain_label(domid));
  const auto rows = domain_memory(trace, domid);
  if (rows.empty() && !end->domains().contains(domid))
    throw Error(fmt::format("the trace has no domain {}", domid));
  for (const DomainMemoryEvent& r : rows)
    if (r.last_ps <= until_ps)
      text += fmt::format("{:>18}  {:>+8} -> {:>8} frames  by {}{}\n", time_text(r.last_ps),
                          static_cast<i64>(r.gained - r.lost), r.frames, r.cause.text,
                          r.step.empty() ? "" : fmt::format("  [{}]", r.step));
  if (const auto d = end->domains().find(domid); d != end->domains().end())
    text += fmt::format("{:>18}  {}, {}, {} frames, {} hypercalls\n",
                        whole ? std::string("at the end") : "at " + time_text(until_ps),
                        domain_state_name(d->second.state), memory_model_name(d->second.model),
                        end->owned(domid), d->second.hypercalls);
  return text + grants_text(*end, domid);
}

std::string inspect_at(const TraceReader& trace, u64 time_ps) {
  const auto state = trace.state_at(time_ps);
  std::string text = fmt::format("at {}\n{}", time_text(time_ps), state->ownership().to_text());
  for (const auto& [domid, d] : state->domains())
    text += fmt::format("{}: {}, {}, {} frames, {} hypercalls\n", state->domain_label(domid),
                        domain_state_name(d.state), memory_model_name(d.model), state->owned(domid),
                        d.hypercalls);
  for (unsigned cpu = 0; cpu < trace.header().cpus; ++cpu) {
    const u64 dv = state->running(cpu);
    const OpenOperation* op = state->operation(cpu);
    text += fmt::format("CPU {}: {}{}\n", cpu,
                        dv_domid(dv) == idle_domid
                            ? "idle"
                            : fmt::format("{} vcpu{}", state->domain_label(dv_domid(dv)), dv_vcpu(dv)),
                        op ? ", in " + operation_name(op->operation) : "");
  }
  return text;
}

std::string inspect_summary(const TraceReader& trace) {
  const TraceHeader& h = trace.header();
  std::array<u64, event_kinds> kinds{};
  std::string steps;
  trace.replay([&](const Event& e, const TraceState& before) {
    ++kinds[static_cast<u8>(e.kind)];
    if (e.kind == EventKind::step_begin)
      steps += fmt::format("{:>18}  step {}\n", time_text(e.time_ps), before.string(e.a));
    return true;
  });
  std::string text = fmt::format("scenario {}, {}, seed {}, {} CPUs, {} frames, written by {}\n", h.scenario,
                                 h.architecture, h.seed, h.cpus, h.ram.frames(), h.product);
  for (const auto& i : h.images) text += fmt::format("image {} {:016x}\n", i.name, i.hash);
  text += fmt::format("{} events in {}, hash {:016x}{}\n", trace.events(), time_text(trace.last_time_ps()),
                      trace.computed_hash(), trace.complete() ? "" : ", truncated");
  for (unsigned k = 0; k < event_kinds; ++k)
    if (kinds[k] != 0) text += fmt::format("{:>10}  {}\n", kinds[k], event_shapes[k].name);
  return text + steps;
}

std::string inspect_p2m(const TraceReader& trace, u32 domid, u64 time_ps) {
  const auto state = trace.state_at(time_ps);
  if (!state->domains().contains(domid))
    throw Error(fmt::format("no domain {} at {}", domid, time_text(time_ps)));
  return mfndump_text(state->p2m_entries(domid));
}

std::optional<u64> parse_time_ps(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || !std::isfinite(value) || value < 0) return std::nullopt;
  static constexpr std::pair<std::string_view, double> units[] = {{"", 1e9},   {"ps", 1},   {"ns", 1e3},
                                                                  {"us", 1e6}, {"ms", 1e9}, {"s", 1e12}};
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const auto& [name, factor] : units)
    if (unit == name) {
      const double ps = std::round(value * factor);
      return ps < 1.8e19 ? std::optional<u64>(static_cast<u64>(ps)) : std::nullopt;
    }
  return std::nullopt;
}

std::string time_text(u64 time_ps) {
  return fmt::format("{}.{:06} ms", time_ps / 1'000'000'000, time_ps / 1000 % 1'000'000);
}

}  // namespace xs::observe
