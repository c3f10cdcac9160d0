// Instructions that an observer wants to be told of (sim/core/tap.h). Decoding puts a slot in front of each
// and one behind it:
//
//     [ tap ] [ the store itself ] [ settle ]      all three with its predicate
//
// A tap is told of what will happen, and only once: so the slot in front asks for the page, and when that is
// refused the fault is the store's own. What the asking cost in time is looked at behind the store.
#include "sim/cpu_ia64/exec/exec_tap.h"

#include "sim/cpu_ia64/exec/operands.h"

namespace xs::ia64 {
namespace {

using mmu::ia64::right_read;
using mmu::ia64::right_write;

bool may_store(Processor& p, const Slot& s) {
  const u64 va = p.r.gr[s.r3];
  const unsigned size = s.x;
  const bool semaphore = s.y != 0;
  if (p.data.at(va).write == DataCache::key(va, size, p.data_mode)) return true;
  DataAccess access{.va = va, .size = size, .rights = right_write};
  if (semaphore) access.rights |= right_read, access.aligned = access.cacheable = true;
  u64 pa = 0;
  u8* host = nullptr;
  return p.reach(access, pa, host) == Reach::granted;
}

/// False: the store is refused.
bool tell(Processor& p, const Slot& s) {
  const bool store = s.x != 0;
  if (store && (is_nat(p, s.r3) || is_nat(p, s.r2))) return true;  // that refusal is left to it
  if (store && !may_store(p, s)) return false;
  p.witness->tapped(s);
  return true;
}

Next tap(Processor& p, const Slot* s) { return attempt<tell>(p, *s) ? go_on(p, s + 1) : stop(p, s); }

Next settle(Processor& p, const Slot* s) {
  if (p.left < 0 && out_of_time(p, s)) return Next::leave;
  return go_on(p, s + 1);
}

}  // namespace

Handler tap_handler() { return tap; }
Handler settle_handler() { return settle; }

void describe_tapped(Op op, Slot& s) {
  s.x = 0;
  s.y = 0;
  switch (op) {
    case Op::cmpxchg4_acq:
    case Op::cmpxchg4_rel:
      s.y = 1;
      [[fallthrough]];
    case Op::st4:
    case Op::st4_rel:
      s.x = 4;
      break;
    case Op::cmpxchg8_acq:
    case Op::cmpxchg8_rel:
      s.y = 1;
      [[fallthrough]];
    case Op::st8:
    case Op::st8_rel:
      s.x = 8;
      break;
    default:
      break;
  }
}

}  // namespace xs::ia64
