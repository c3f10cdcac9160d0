// One recorded event, in memory. Its bytes in a trace: docs/trace.md.
#pragma once
#include <array>
#include <string_view>

#include "sim/core/types.h"

namespace xs::observe {

/// Values are part of the trace format: never renumbered, only added.
enum class EventKind : u8 {
  string = 1,       ///< a = id; text: defines a string used by later events
  frame_owner = 2,  ///< a = MFN, b = old owner, c = new owner
  frame_type = 3,   ///< a = MFN, b = old, c = new type bits (type_info >> 58: type, PINNED, VALIDATED)
  m2p = 4,          ///< a = MFN, b = old, c = new GFN
  p2m = 5,          ///< a = domid, b = GFN, c = old, d = new MFN (a guest's own store, or the hypervisor's)
  p2m_run = 6,      ///< a = domid, b = first GFN, c = first MFN (or ~0), d = entries: read from a published
                    ///< P2M, or a superpage that comes or goes as a whole
  op_begin = 7,     ///< a = dv, b = operation, c = subject
  op_end = 8,       ///< a = dv, b = operation, c = result
  domain_created = 9,  ///< a = domid, b = MFN of shared_info, c = enum xs_memory_model
  domain_state = 10,   ///< a = domid, b = enum xs_domain_state, c = shutdown reason
  domain_ready = 11,   ///< a = domid
  domain_name = 12,    ///< a = domid, b = string
  vcpu_switch = 13,    ///< a = dv leaving, b = dv entering
  event_send = 14,     ///< a = dv notified, b = port, c = sending domid
  bounce = 15,         ///< a = dv, b = vector, c = guest RIP
  trap = 16,           ///< a = vector, b = error code, c = address (CR2 of a #PF), d = PC
  interrupt = 17,      ///< a = vector, b = PC
  tlb_flush = 18,      ///< a = CPU mask, b = VA or ~0
  unmodelled = 19,     ///< a = string (what), b = where, c = PC
  console = 20,        ///< a = string (source); text: one line
  step_begin = 21,     ///< a = string (name)
  step_end = 22,       ///< a = string (name), b = 1 when it passed
  boot = 23,           ///< a = step: 1 memory ready, 2 all CPUs up, 3 dom0 entered
  panic = 24,
  triple_fault = 25,  ///< a = PC
  shadow = 26,        ///< a = dv, b = enum xs_shadow_event, c = address or count
  note = 27,          ///< a = NoteKind; text: of the step that has begun, for who looks at it
  event_port = 28,   ///< a = dv notified, b = enum xs_port << 32 | port, c = remote port << 32 | remote domid
  grant_table = 29,  ///< a = domid, b = page, c = MFN that holds it from now on (or ~0)
  grant = 30,     ///< a = MFN, b = granter << 16 | user, c = XS_GRANT_* | enum xs_grant_use << 32 | reference
  log_dirty = 31  ///< a = domid, b = enum xs_log_dirty, c = pages reported, d = pages asked for
};
inline constexpr unsigned event_kinds = 32;

enum class NoteKind : u8 { caption = 1, view = 2 };

struct EventHead {
  EventKind kind = EventKind::string;
  u8 cpu = 0;
  u64 time_ps = 0;
};
using EventFields = std::array<u64, 4>;  ///< a to d

struct Event : EventHead {
  u64 a = 0, b = 0, c = 0, d = 0;
  std::string_view text;  ///< valid until the next event is made or read
  EventFields fields() const { return {a, b, c, d}; }
};

/// How the fields are coded, one letter each: p as it is; d zigzag difference to the last d field;
/// i plus one, so that ~0 ("no frame") takes one byte; t text. Null name: no such kind.
struct EventShape {
  const char* name;
  const char* fields;
  /// Of those that are numbers; a text comes last.
  constexpr unsigned numbers() const {
    unsigned n = 0;
    while (fields[n] != 0 && fields[n] != 't') ++n;
    return n;
  }
};
extern const std::array<EventShape, event_kinds> event_shapes;

/// "dv" of the marks (hypervisor/abi/observe.h).
constexpr u32 dv_domid(u64 dv) { return static_cast<u32>(dv >> 16) & 0xffff; }
constexpr u32 dv_vcpu(u64 dv) { return static_cast<u32>(dv) & 0xffff; }
constexpr u32 idle_domid = 0x7fff;
constexpr u64 idle_dv = u64{idle_domid} << 16;

}  // namespace xs::observe
