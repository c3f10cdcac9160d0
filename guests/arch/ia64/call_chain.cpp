// Callers by the register stack and the unwind table (Itanium software conventions guide, chapter 11). A
// function that calls others keeps its return address and its caller's frame (ar.pfs) in two of its own
// stacked registers: the table says in which. Who keeps them elsewhere ends the chain; the compiler does not
// do it here.
//
//   bsp ──> the callee's frame; below it as many registers of its caller as ar.pfs tells; among them the two
//   ...
#include "guests/lib/call_chain.h"

#include "arch_cpu.h"
#include "arch_trap.h"
#include "guests/lib/console.h"

// A call: where the callee's frame begins, what it must give back (ar.pfs), and where it returns to.
struct Walk {
  u64 bsp, pfs, address;
};

// Places are counted from the beginning of the image.
struct UnwindEntry {
  u64 first, end, info;
};

extern "C" {
extern const u8 image_start[];
extern const UnwindEntry unwind_table[], unwind_table_end[];
// Puts all registers of callers into memory; describes its own call.
Walk register_stack_store();
}

namespace {
constexpr unsigned depth_max = 24;
constexpr u64 bundle_bytes = 16, slots_in_bundle = 3;

// Which registers hold the two from instruction `prologue` on.
struct Kept {
  bool known;
  u64 first, prologue;
  unsigned return_address, pfs;
};

// The information's first record is prologue_gr (R2): 010 00 mmm, m rrrrrrr, then the prologue's length in
// LEB128; mask: return address, ar.pfs and two more, kept in consecutive registers from r on.
Kept kept_by(u64 address) {
  constexpr u64 header_bytes = 8;
  constexpr unsigned mask_return = 8, mask_pfs = 4, first_stacked = 32;
  const u64 place = address - reinterpret_cast<u64>(image_start);
  for (const UnwindEntry* e = unwind_table; e < unwind_table_end; e++) {
    if (place < e->first || place >= e->end) continue;
    const u8* record = image_start + e->info + header_bytes;
    const unsigned mask = (record[0] & 7u) << 1 | record[1] >> 7, from = (record[1] & 0x7fu) - first_stacked;
    const bool both = (record[0] & 0xe0) == 0x40 && (mask & mask_return) && (mask & mask_pfs);
    u64 length = 0;
    const u8* digit = record + 2;
    for (unsigned shift = 0; both; shift += 7) {
      length |= u64{*digit & 0x7fu} << shift;
      if (!(*digit++ & 0x80)) break;
    }
    return {both, e->first, length, from, from + 1};
  }
  return {};
}

u64 size_of_frame(u64 pfs) { return pfs & 0x7f; }
u64 size_of_locals(u64 pfs) { return pfs >> 7 & 0x7f; }

// Each 64th word holds NaT bits (SDM vol. 2 6.1): `count` registers up or down from one.
u64 skip_registers(u64 place, s64 count) {
  while (count) {
    place += count > 0 ? sizeof(u64) : -sizeof(u64);
    if ((place & 0x1f8) != 0x1f8) count += count > 0 ? -1 : 1;
  }
  return place;
}

u64 stacked(u64 frame, unsigned n) {
  return *reinterpret_cast<const u64*>(skip_registers(frame, static_cast<s64>(n)));
}

bool in_stack(u64 frame) {
  u64 stack = align_down(arch_stack_pointer(), stack_bytes);
  return frame >= stack + REGISTERS_IN_STACK && frame < stack + stack_bytes;
}

// To the call that the function which made this one answers.
bool step(Walk& walk) {
  const Kept kept =
      kept_by(walk.address - bundle_bytes);  // what does not return may be called last in a function
  const u64 locals = size_of_locals(walk.pfs);
  walk.bsp = skip_registers(walk.bsp, -static_cast<s64>(locals));
  if (!kept.known || !in_stack(walk.bsp) || kept.pfs >= locals) return false;
  walk.pfs = stacked(walk.bsp, kept.pfs);
  walk.address = stacked(walk.bsp, kept.return_address);
  return true;
}

// To the call that the interrupted function answers; it may have kept nothing, or not yet.
bool step_over(const TrapFrame& f, Walk& walk) {
  const Kept kept = kept_by(f.iip);
  const u64 place = f.iip - reinterpret_cast<u64>(image_start);
  walk.bsp = skip_registers(f.dirty, -static_cast<s64>(size_of_frame(f.ifs)));
  const bool is_kept = kept.known && in_stack(walk.bsp) &&
                       (place - kept.first) / bundle_bytes * slots_in_bundle >= kept.prologue;
  walk.pfs = is_kept ? stacked(walk.bsp, kept.pfs) : f.pfs;
  walk.address = is_kept ? stacked(walk.bsp, kept.return_address) : f.br[0];
  return true;
}
}  // namespace

// An odd value is a TrapFrame's address + 1: the chain begins where the kernel was interrupted.
void print_call_chain(u64 frame) {
  Walk walk = register_stack_store();
  bool more = frame % 2 ? step_over(*reinterpret_cast<const TrapFrame*>(frame - 1), walk)
                        : step(walk) && step(walk);  // not into panic() itself
  for (unsigned depth = 0; more && depth < depth_max && kept_by(walk.address - bundle_bytes).known; depth++) {
    print_code_address(walk.address);
    more = step(walk);
  }
}
