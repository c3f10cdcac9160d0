// Questions to a native trace: `inspect run.trace --frame MFN | --domain N | --at TIME | --traps`.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sim/observe/trace_reader.h"

namespace xs::observe {

/// Why something changed: the operation open on that CPU, or none (boot, fault, interrupt).
struct Cause {
  bool in_operation = false;
  u64 operation = 0;
  u32 domid = 0, vcpu = 0;
  unsigned cpu = 0;
  std::string text;  ///< "dom0 vcpu0 memory_op.populate_physmap"; "no operation"
};

/// One line of a frame's history, oldest first.
struct FrameEvent {
  FrameChange::What what = FrameChange::What::owner;
  u64 time_ps = 0;
  u64 old_value = 0, new_value = 0;
  std::string text;  ///< "owner free -> dom1"
  Cause cause;
};
/// Of an event `grant`: "map for writing: dom2 (db), reference 9 of dom1 (web)".
std::string grant_text(const Event& e, const TraceState& state);
/// Everything that happened to one frame. Throws Error when it is not RAM.
std::vector<FrameEvent> frame_events(const TraceReader& trace, u64 mfn);

/// A change of what a domain owns, one row per operation.
struct DomainMemoryEvent {
  u64 first_ps = 0, last_ps = 0;
  u64 gained = 0, lost = 0;
  u64 frames = 0;    ///< owned afterwards
  std::string step;  ///< scenario step, "" outside
  Cause cause;
};
std::vector<DomainMemoryEvent> domain_memory(const TraceReader& trace, u32 domid);

// The same as text, and a summary; each ends with a newline.
std::string inspect_frame(const TraceReader& trace, u64 mfn);
/// Up to `until_ps`; operations that ended later are left out. Behind that the grants in use then.
std::string inspect_domain(const TraceReader& trace, u32 domid, u64 until_ps = ~u64{0});
std::string inspect_at(const TraceReader& trace, u64 time_ps);
std::string inspect_summary(const TraceReader& trace);
/// "pfn=0x… ==> mfn=0x…" lines: the guest's P2M as recorded, else from the M2P of its frames.
std::string inspect_p2m(const TraceReader& trace, u32 domid, u64 time_ps);

/// Exceptions and interrupts in their order, a line each: when, which, at which instruction, why.
std::string inspect_traps(const TraceReader& trace);

/// "20us", "1.5ms", "3s", "250ns", "7ps"; none when malformed or negative. A number without unit is
/// milliseconds.
std::optional<u64> parse_time_ps(const std::string& text);
std::string time_text(u64 time_ps);  ///< "12.345678 ms"

}  // namespace xs::observe
