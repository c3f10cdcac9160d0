// Code that is written while the machine runs: a small function is put together in memory, called, changed
// and called again; by the processor that calls it, and by another one when there is one. Each writer does
// what the manual asks for (SDM vol. 2 4.4.3, coherency of instruction memory: fc.i, sync.i, srlz.i) and no
// more.
#include "guests/ia64/lib/call_code.h"
#include "guests/ia64/lib/firmware.h"

using namespace bare;

namespace {

struct Bundle {
  u64 low, high;
};

constexpr u64 patience = 2000000;  // cycles

alignas(4096) Bundle code[2];
u64 order, done;  // to the other processor, and back

u64 load(const u64& where) { return __atomic_load_n(&where, __ATOMIC_SEQ_CST); }
void store(u64& where, u64 value) { __atomic_store_n(&where, value, __ATOMIC_SEQ_CST); }

/// { nop.m 0; mov r8 = value; br.ret.sptk.many b0 ;; } with 14 bits of value (formats M48, A4 and B4,
/// template MIB).
Bundle returning(u64 value) {
  constexpr u64 nop_m = u64{1} << 27, ret = u64{1} << 12 | u64{0x21} << 27 | u64{4} << 6;
  const u64 adds =
      u64{8} << 37 | u64{2} << 34 | (value >> 7 & 0x3f) << 27 | (value & 0x7f) << 13 | u64{8} << 6;
  constexpr u64 mib_stop = 0x11;
  return {mib_stop | nop_m << 5 | adds << 46, adds >> 18 | ret << 23};
}

void write_code(u64 value) {
  const Bundle b = returning(value);
  volatile Bundle& place = code[0];
  place.low = b.low;
  place.high = b.high;
  asm volatile("fc.i %0;; sync.i;; srlz.i;;" ::"r"(&code[0]) : "memory");
}

}  // namespace

void other_main(u64 id) {
  if (id != 1) return;
  for (u64 last = 0;;) {
    const u64 wanted = load(order);
    if (wanted == last) continue;
    write_code(wanted);
    store(done, last = wanted);
  }
}

int main() {
  wake_others();
  unsigned own = 0, others = 0;
  for (u64 value = 1; value <= 100; ++value) {
    write_code(value);
    own += call_code(code) == value;
  }
  for (u64 value = 1000; value < 1100; ++value) {
    store(order, value);
    for (const u64 end = itc() + patience; load(done) != value;)
      if (itc() > end) break;
    if (load(done) != value) break;
    asm volatile("srlz.i;;" ::: "memory");
    others += call_code(code) == value;
  }
  print("new code: ");
  put_decimal(own);
  print(" by this processor, ");
  put_decimal(others);
  print(" by another\n");
  return own == 100 ? 0 : 1;
}
