#include "viz/model/frame_detail.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/observe/inspect.h"
#include "sim/observe/names.h"

namespace xs::viz {
namespace {

using observe::Event;
using observe::EventKind;

std::string number_text(u64 number) {
  if (number == XS_M2P_INVALID) return "none";
  return number == XS_M2P_SHARED ? "shared" : fmt::format("{:#x}", number);
}

std::string event_text(const observe::TraceState& state, const Event& e) {
  switch (e.kind) {
    case EventKind::frame_owner:
      return fmt::format("owner {} → {}", state.domain_label(static_cast<u32>(e.b)),
                         state.domain_label(static_cast<u32>(e.c)));
    case EventKind::frame_type:
      return fmt::format("type {} → {}", type_text(static_cast<u8>(e.b)), type_text(static_cast<u8>(e.c)));
    case EventKind::m2p:
      return fmt::format("M2P {} → {}", number_text(e.b), number_text(e.c));
    case EventKind::grant:
      return observe::grant_text(e, state);
    default:
      return fmt::format("P2M of {}, entry {:#x}: {} → {}", state.domain_label(static_cast<u32>(e.a)), e.b,
                         number_text(e.c), number_text(e.d));
  }
}

}  // namespace

std::string type_text(u8 bits) {
  std::string text = observe::frame_type_name(observe::type_of_bits(bits));
  if (observe::pinned_bits(bits)) text += " pinned";
  if (observe::validated_bits(bits)) text += " validated";
  return text;
}

std::string activity_text(const Recording& recording, const Activity& a) {
  std::string who = fmt::format("{} vcpu{}", recording.newest().domain_label(observe::dv_domid(a.dv)),
                                observe::dv_vcpu(a.dv));
  switch (a.kind) {
    case ActivityKind::hypercall:
      return who + " " + observe::operation_name(a.what);
    case ActivityKind::fault:
    case ActivityKind::interrupt:
    case ActivityKind::bounce:
      return fmt::format("{} {} {}", who, activity_name(a.kind),
                         observe::vector_name(recording.header().architecture, a.what));
    case ActivityKind::shadow:
      return fmt::format("{} shadow {}", who, observe::shadow_event_name(static_cast<unsigned>(a.what)));
    case ActivityKind::life:
      return fmt::format("{} {}", recording.newest().domain_label(observe::dv_domid(a.dv)),
                         observe::domain_state_name(static_cast<unsigned>(a.what)));
    case ActivityKind::event:
      return fmt::format("{} event on port {}", who, a.what);
    case ActivityKind::flush:
      return a.what == ~u64{0} ? who + " TLB flush" : fmt::format("{} TLB flush {:#x}", who, a.what);
    case ActivityKind::balloon:
      return fmt::format("{} balloon {:+} frames", who, static_cast<i64>(a.what));
    case ActivityKind::flip:
      return fmt::format("frame {:#x} → {}", a.what,
                         recording.newest().domain_label(observe::dv_domid(a.dv)));
  }
  return who;
}

u64 frame_changes(const Recording& recording, u32 frame) {
  const auto& changes = recording.changes();
  return static_cast<u64>(
      std::count_if(changes.begin(), changes.end(), [frame](const Change& c) { return c.frame == frame; }));
}

std::vector<FrameChangeText> frame_history(const Recording& recording, u32 frame) {
  std::vector<FrameChangeText> out;
  for (const Change& c : recording.changes()) {
    if (c.frame != frame) continue;
    FrameChangeText text;
    text.time_ps = c.time_ps, text.moment = c.event + u64{1};
    recording.trace().events_between(c.event, c.event + u64{1}, [&](u64, const Event& e) {
      text.what = event_text(recording.newest(), e);
      return false;
    });
    text.cause =
        c.cause == Change::none ? "no operation" : activity_text(recording, recording.activities()[c.cause]);
    out.push_back(std::move(text));
  }
  return out;
}

}  // namespace xs::viz
