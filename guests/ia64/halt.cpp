// A processor that has nothing to do sleeps in PAL_HALT_LIGHT: until its timer or another processor wakes it,
// whether PSR.i is set (then the interrupt is taken) or clear (then it stays pending), and not at all when an
// interrupt is pending already. Meanwhile ar.itc goes on and no instruction is executed. "for ever" on the
// command line: with nothing that could wake it.
#include "guests/ia64/lib/firmware.h"

using namespace bare;

namespace {

constexpr u64 timer_vector = 0xef, message_vector = 0x40, halt_light_index = 29;
constexpr u64 nap = 10000000;  // cycles

unsigned failures;
u64 taken, pal_proc, asked;
u64 load(const u64& where) { return __atomic_load_n(&where, __ATOMIC_SEQ_CST); }

void check(bool good, const char* what) {
  print(good ? "  ok    " : "  WRONG ", what, "\n");
  failures += !good;
}

bool on_trap(TrapFrame& frame) {
  if (frame.vector != external_interrupt) return false;
  taken = acknowledge();
  end_of_interrupt();
  return true;
}

void halt_light() { pal_static(pal_proc, halt_light_index, 0, 0, 0); }

/// How late the halt ends after the timer.
u64 sleep() {
  const u64 due = itc() + nap;
  BARE_WRITE("cr.itm", due);
  halt_light();
  return itc() - due;
}

void timer() {
  constexpr u64 soon = 2000;
  BARE_WRITE("cr.itv", timer_vector);
  check(sleep() < soon, "the timer ends a halt in time, with interrupts off");
  check(taken == 0 && acknowledge() == timer_vector, "and stays pending");
  end_of_interrupt();
  interrupts_on();
  check(sleep() < soon && taken == timer_vector, "with interrupts on it is taken");
  interrupts_off();
  BARE_WRITE("cr.itv", 1 << 16);
}

void pending() {
  const u64 before = itc();
  write<u64>(interrupt_block, message_vector);
  halt_light();
  check(itc() - before < nap / 100, "with an interrupt pending there is no halt");
  check(acknowledge() == message_vector, "which stays pending");
  end_of_interrupt();
}

/// The other processor sleeps for a while, and sends a message then.
void message() {
  if (wake_others() == 0) return;
  const u64 before = itc();
  __atomic_store_n(&asked, 1, __ATOMIC_SEQ_CST);
  halt_light();
  const u64 slept = itc() - before;
  check(slept > nap / 2 && slept < 2 * nap, "a message from another processor ends a halt");
  check(acknowledge() == message_vector, "and stays pending");
  end_of_interrupt();
}

}  // namespace

void other_main(u64 id) {
  if (id != 1) return;
  BARE_WRITE("cr.tpr", 0);
  while (load(asked) == 0) {
  }
  BARE_WRITE("cr.itv", timer_vector);
  sleep();
  write<u64>(interrupt_block, message_vector);
}

int main() {
  print("halt\n");
  pal_proc = entry_points().pal_proc;
  on_interruption = on_trap;
  BARE_WRITE("cr.tpr", 0);
  if (boot().command_line[0] != 0) {
    print("good night\n");
    for (;;) halt_light();
  }
  timer();
  pending();
  message();
  print(failures == 0 ? "halt: all as it should be\n" : "halt: FAILURES\n");
  return failures != 0;
}
