#include "guests/ia64/corner/corner.h"

extern "C" void corner_return();

// Where a fetch that failed goes on: its caller.
asm("        .text\n"
    "        .global corner_return\n"
    "        .proc corner_return\n"
    "corner_return:\n"
    "        br.ret.sptk.many b0\n"
    "        .endp corner_return\n");

namespace corner {

using bare::TrapFrame;

Event event[most_events];
unsigned events;
bool (*react)(TrapFrame&);

namespace {

constexpr u64 change = 0x100000, calm = 0x100001;  // of break: what CORNER_ARM and CORNER_CALM ask for
volatile u64 wanted_set, wanted_clear;
unsigned failures, checks;

bool is_trap(u64 vector) { return vector >= fp_trap && vector <= single_step; }
bool is_fetch(const TrapFrame& f) { return (f.isr & isr::x) != 0 && f.vector != debug; }

void note(const TrapFrame& f) {
  event[events++ % most_events] = {f.vector, f.iip, f.ipsr, f.ifs, f.isr, f.ifa, f.itir, f.iipa, f.iha};
}

void go_on(TrapFrame& f) {
  if (is_trap(f.vector)) {
    f.ipsr &= ~(psr::ss | psr::tb);
  } else if (is_fetch(f)) {
    f.iip = *reinterpret_cast<const u64*>(&corner_return);  // a descriptor: its first word is the address
    f.ipsr &= ~psr::ri;
  } else if (f.vector != bare::external_interrupt) {
    f.skip();
  }
}

bool asked_for(TrapFrame& f) {
  if (f.vector != bare::break_instruction || (f.iim != change && f.iim != calm)) return false;
  f.skip();
  if (f.iim == change)
    f.ipsr = (f.ipsr & ~wanted_clear) | wanted_set;
  else
    f.ipsr &= ~(psr::ss | psr::tb);
  return true;
}

bool on_interruption(TrapFrame& f) {
  if (asked_for(f)) return true;
  note(f);
  if (events > 10000) return false;
  if (react == nullptr || !react(f)) go_on(f);
  return true;
}

void insert_register(u64 slot, bool code, u64 va, Pte pte, unsigned shift) {
  asm volatile("rsm psr.ic;; srlz.d;; mov cr.ifa = %0; mov cr.itir = %1;; srlz.d;;" ::"r"(va),
               "r"(itir(shift)));
  if (code)
    asm volatile("itr.i itr[%0] = %1;;" ::"r"(slot), "r"(pte.word()));
  else
    asm volatile("itr.d dtr[%0] = %1;;" ::"r"(slot), "r"(pte.word()));
  asm volatile("ssm psr.ic;; srlz.i;;" ::: "memory");
}

}  // namespace

void check(bool good, const char* what) {
  bare::print(good ? "  ok    " : "  WRONG ", what, "\n");
  failures += !good;
  ++checks;
}

void same(u64 got, u64 wanted, const char* what) {
  check(got == wanted, what);
  if (got != wanted) bare::print("        ", got, " instead of ", wanted, "\n");
}

int report(const char* program) {
  bare::print(program, ": ");
  bare::put_decimal(checks);
  bare::print(" checks, ");
  bare::put_decimal(failures);
  bare::print(" wrong\n");
  return static_cast<int>(failures);
}

bool came(u64 vector, u64 wanted) {
  constexpr u64 apart = u64{7} << 41;  // ei, ed
  const bool good = events == 1 && last().vector == vector && (last().isr & ~apart) == wanted;
  if (!good) {
    bare::print("        interruptions: ", events, ", wanted vector ", vector, " isr ", wanted, "\n");
    for (unsigned n = 0; n < events && n < 4; ++n)
      bare::print("        vector ", event[n].vector, " isr ", event[n].isr, " at ", event[n].iip, " ifa ",
                  event[n].ifa, "\n");
  }
  events = 0;
  return good;
}

bool quiet() {
  const bool good = events == 0;
  return good || came(~u64{0}, 0);
}

void start(const char* program) {
  bare::print(program, "\n");
  bare::on_interruption = on_interruption;
  for (unsigned n = 0; n < 8; ++n) set_region(n, region_register(n));
  constexpr u64 ports = 0xffffc000000;
  insert_register(0, false, 0, {}, 26);
  insert_register(0, true, 0, {}, 26);
  insert_register(1, false, in_region(4, 0), {.ma = 4}, 32);
  insert_register(2, false, in_region(4, ports), {.pa = ports, .ma = 4}, 26);
  change_psr(psr::it | psr::dt | psr::rt, 0);
}

void arm(u64 set, u64 clear) {
  wanted_set = set;
  wanted_clear = clear;
}

void insert_data(u64 va, Pte pte, unsigned shift, u64 key) {
  asm volatile(
      "rsm psr.ic;; srlz.d;; mov cr.ifa = %0; mov cr.itir = %1;; srlz.d;; itc.d %2;; srlz.d;; ssm psr.ic;; "
      "srlz.i;;" ::"r"(va),
      "r"(itir(shift, key)), "r"(pte.word())
      : "memory");
}

void insert_code(u64 va, Pte pte, unsigned shift, u64 key) {
  asm volatile(
      "rsm psr.ic;; srlz.d;; mov cr.ifa = %0; mov cr.itir = %1;; srlz.d;; itc.i %2;; srlz.i;; ssm psr.ic;; "
      "srlz.i;;" ::"r"(va),
      "r"(itir(shift, key)), "r"(pte.word())
      : "memory");
}

void purge(u64 va, unsigned shift) {
  asm volatile("ptc.l %0, %1;; srlz.i;;" ::"r"(va), "r"(u64{shift} << 2) : "memory");
}

void set_region(unsigned n, u64 value) {
  asm volatile("mov rr[%0] = %1;; srlz.i;;" ::"r"(u64{n} << 61), "r"(value) : "memory");
}

}  // namespace corner
