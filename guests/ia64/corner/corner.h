// What the corner case programs share: checks, a record of interruptions, translations, changes of PSR.
//
// They run translated. Region 0 shows the first 64 MiB as they are, region 4 the devices, both by TRs; the
// other regions are empty, without the VHPT, for each test to fill.
#pragma once
#include "guests/ia64/lib/bare.h"

namespace corner {

using bare::u16;
using bare::u32;
using bare::u64;
using bare::u8;

void check(bool good, const char* what);
void same(u64 got, u64 wanted, const char* what);
/// The last line; how many checks failed is the program's result.
int report(const char* program);

namespace psr {
inline constexpr u64 be = 1 << 1, ac = 1 << 3, mfl = 1 << 4, mfh = 1 << 5, ic = 1 << 13, i = 1 << 14,
                     pk = 1 << 15, dt = 1 << 17, dfl = 1 << 18, dfh = 1 << 19, db = 1 << 24, lp = 1 << 25,
                     tb = 1 << 26, rt = 1 << 27;
inline constexpr u64 cpl = u64{3} << 32, it = u64{1} << 36, id = u64{1} << 37, da = u64{1} << 38,
                     dd = u64{1} << 39, ss = u64{1} << 40, ri = u64{3} << 41, ed = u64{1} << 43,
                     bn = u64{1} << 44;
constexpr u64 level(unsigned n) { return u64{n} << 32; }
}  // namespace psr

namespace isr {
inline constexpr u64 x = u64{1} << 32, w = u64{1} << 33, r = u64{1} << 34, na = u64{1} << 35,
                     sp = u64{1} << 36, rs = u64{1} << 37, ir = u64{1} << 38, ni = u64{1} << 39,
                     ed = u64{1} << 43;
inline constexpr u64 fp = 1, lp = 2, tb = 4, ss = 8;  // of traps
}  // namespace isr

enum : u64 {
  vhpt_translation = 0,
  data_tlb = 0x800,
  alternate_instruction_tlb = 0xc00,
  alternate_data_tlb = 0x1000,
  data_key_miss = 0x1c00,
  dirty_bit = 0x2000,
  data_access_bit = 0x2800,
  page_not_present = 0x5000,
  key_permission = 0x5100,
  instruction_access_rights = 0x5200,
  data_access_rights = 0x5300,
  general_exception = 0x5400,
  disabled_fp = 0x5500,
  nat_consumption = 0x5600,
  debug = 0x5900,
  unaligned = 0x5a00,
  fp_trap = 0x5d00,
  lower_privilege = 0x5e00,
  taken_branch = 0x5f00,
  single_step = 0x6000
};

struct Event {
  u64 vector, iip, ipsr, ifs, isr, ifa, itir, iipa, iha;
  unsigned slot() const { return static_cast<unsigned>(ipsr >> 41 & 3); }
  unsigned ei() const { return static_cast<unsigned>(isr >> 41 & 3); }
};
inline constexpr unsigned most_events = 32;
extern Event event[most_events];
extern unsigned events;
inline const Event& last() { return event[(events - 1) % most_events]; }

/// What to do about an interruption, after it has been recorded; null or false: a fault's instruction is
/// skipped (a fetch that failed returns to its caller), behind a trap PSR.ss and PSR.tb are cleared.
extern bool (*react)(bare::TrapFrame&);

/// One interruption since the last question, with this vector and ISR but for ei and ed; and forgets it.
bool came(u64 vector, u64 isr);
/// None since the last question.
bool quiet();

/// Translation on, handlers in place.
void start(const char* program);
/// What the next CORNER_ARM does: bits of PSR, by an interruption, so that all can be changed, from any
/// level.
void arm(u64 set, u64 clear = 0);
/// In an asm: the instruction behind it is the first with that PSR.
#define CORNER_ARM "{ .mii\n nop.m 0\n nop.i 0\n break.i 0x100000\n ;; }\n"
/// PSR.ss and PSR.tb off.
#define CORNER_CALM "{ .mii\n nop.m 0\n nop.i 0\n break.i 0x100001\n ;; }\n"
/// In place: a function would return to the level that called it.
[[gnu::always_inline]] inline void change_psr(u64 set, u64 clear) {
  arm(set, clear);
  asm volatile(CORNER_ARM ::: "memory");
}
[[gnu::always_inline]] inline void set_level(unsigned n) { change_psr(psr::level(n), psr::cpl); }

// Translations
inline constexpr unsigned page_shift = 14;
inline constexpr u64 page = u64{1} << page_shift;
/// Frames that no program uses, seen at these addresses.
constexpr u64 frame(unsigned n) { return 0x2000000 + n * page; }
constexpr u64 in_region(u64 region, u64 offset) { return region << 61 | offset; }
struct Pte {
  u64 pa = 0;
  unsigned ar = 3, pl = 3, ma = 0;
  bool present = true, accessed = true, dirty = true, deferral = false;
  constexpr u64 word() const {
    return pa | u64{present} | u64{ma} << 2 | u64{accessed} << 5 | u64{dirty} << 6 | u64{pl} << 7 |
           u64{ar} << 9 | u64{deferral} << 52;
  }
};
constexpr u64 itir(unsigned shift, u64 key = 0) { return shift << 2 | key << 8; }
void insert_data(u64 va, Pte pte, unsigned shift = page_shift, u64 key = 0);
void insert_code(u64 va, Pte pte, unsigned shift = page_shift, u64 key = 0);
void purge(u64 va, unsigned shift = page_shift);
void set_region(unsigned n, u64 value);
constexpr u64 region_register(unsigned n, bool vhpt = false) {
  return u64{0x100 + n} << 8 | page_shift << 2 | vhpt;
}

inline u64 load(u64 va) {
  u64 value = ~u64{0};
  asm volatile("ld8 %0 = [%1];;" : "+r"(value) : "r"(va) : "memory");
  return value;
}
inline void store(u64 va, u64 value) { asm volatile("st8 [%0] = %1;;" ::"r"(va), "r"(value) : "memory"); }

/// A function at another address that shows the same code.
template <class F>
auto at_region(F* function, u64 region, const u64 (&descriptor)[2]) {
  auto* words = reinterpret_cast<const u64*>(function);
  auto* to = const_cast<u64*>(descriptor);
  to[0] = in_region(region, words[0]);
  to[1] = words[1];
  return reinterpret_cast<F*>(to);
}

}  // namespace corner
