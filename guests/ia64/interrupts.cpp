// Interrupts reach the processor from its timer, from itself, and from a device through the I/O SAPIC; they
// come in the order of their vectors, are held back by PSR.i and TPR, and leave the interrupted code as it
// was. The timer counts the same cycles that ar.itc shows, and fires neither early nor twice.
#include "guests/ia64/lib/bare.h"

using namespace bare;

namespace {

constexpr u64 timer_vector = 0xef, low_vector = 0x40, high_vector = 0xb0, serial_vector = 0x51;
constexpr u64 timer_period = 20000;  // cycles

unsigned failures;
volatile unsigned arrived;
volatile u8 order[16];
volatile u64 timer_due, timer_late, ticks;

void check(bool good, const char* what) {
  print(good ? "  ok    " : "  WRONG ", what, "\n");
  failures += !good;
}

void set_timer(u64 at) {
  timer_due = at;
  BARE_WRITE("cr.itm", at);
}

void timer_tick() {
  const u64 now = itc();
  if (now < timer_due) timer_late = ~u64{0};
  if (now - timer_due > timer_late) timer_late = now - timer_due;
  ticks = ticks + 1;
  set_timer(timer_due + timer_period);
}

void serve(u64 vector) {
  constexpr u64 interrupt_identification = 2;
  if (vector == timer_vector) timer_tick();
  if (vector == serial_vector) read<u8>(uart + interrupt_identification);  // takes "transmitter empty" away
  if (vector != timer_vector && arrived < sizeof order) order[arrived] = static_cast<u8>(vector);
  if (vector != timer_vector) arrived = arrived + 1;
}

bool on_trap(TrapFrame& frame) {
  if (frame.vector != external_interrupt) return false;
  for (u64 vector = acknowledge(); vector != 15; vector = acknowledge()) {
    serve(vector);
    end_of_interrupt();
  }
  return true;
}

/// A message to this processor: local id 0, eid 0.
void send_to_self(u64 vector) { write<u64>(interrupt_block, vector); }

void route(unsigned pin, u64 entry) {
  write<u32>(iosapic, 0x11 + 2 * pin);
  write<u32>(iosapic + 0x10, static_cast<u32>(entry >> 32));
  write<u32>(iosapic, 0x10 + 2 * pin);
  write<u32>(iosapic + 0x10, static_cast<u32>(entry));
}

/// Interrupts of devices come when they come: behind the store that asked for them, but not at once.
void let_time_pass() {
  for (const u64 end = itc() + 1000; itc() < end;) {
  }
}

void messages() {
  send_to_self(low_vector);
  send_to_self(high_vector);
  check(arrived == 0, "PSR.i clear holds interrupts back");
  interrupts_on();
  interrupts_off();
  check(arrived == 2 && order[0] == high_vector && order[1] == low_vector, "the higher vector comes first");
  check(acknowledge() == 15, "without a request ivr reads as the spurious vector");
  arrived = 0;
  BARE_WRITE("cr.tpr", high_vector & 0xf0);
  interrupts_on();
  send_to_self(high_vector);
  send_to_self(low_vector);
  check(arrived == 0, "TPR holds its class and those below back");
  BARE_WRITE("cr.tpr", low_vector & 0xf0);
  check(arrived == 1 && order[0] == high_vector, "lowering TPR lets the higher class through");
  BARE_WRITE("cr.tpr", 0);
  check(arrived == 2 && order[1] == low_vector, "and then the other");
  interrupts_off();
  arrived = 0;
}

void serial_line() {
  constexpr unsigned pin = 4;
  constexpr u64 interrupt_enable = 1, modem_control = 4;
  constexpr u8 transmitter_empty = 2, out2 = 8;  // OUT2 opens the way to the interrupt wire, as on a PC
  write<u8>(uart + modem_control, out2);
  route(pin, serial_vector);
  interrupts_on();
  write<u8>(uart + interrupt_enable, transmitter_empty);
  let_time_pass();
  check(arrived == 1 && order[0] == serial_vector, "the serial line's interrupt comes by the I/O SAPIC");
  write<u8>(uart + interrupt_enable, 0);
  arrived = 0;  // each character that was printed asked for one more
  route(pin, u64{1} << 16 | serial_vector);
  write<u8>(uart + interrupt_enable, transmitter_empty);
  let_time_pass();
  check(arrived == 0, "a masked pin is silent");
  write<u8>(uart + interrupt_enable, 0);
  interrupts_off();
}

/// Sum of 1 to n, with interrupts at any instruction and any depth of the register stack.
[[gnu::noinline]] u64 sum_to(u64 n) { return n == 0 ? 0 : n + sum_to(n - 1); }

void timer() {
  constexpr u64 wanted = 20;
  BARE_WRITE("cr.itv", timer_vector);
  set_timer(itc() + timer_period);
  interrupts_on();
  bool same = true;
  while (ticks < wanted) same &= sum_to(150) == 150 * 151 / 2;
  BARE_WRITE("cr.itv", 1 << 16);
  interrupts_off();
  check(same, "interrupted computations are right, whatever the depth of the register stack");
  check(timer_late < timer_period, "the timer is never early, and never a period late");
  const u64 before = ticks;
  interrupts_on();
  const u64 end = itc() + 3 * timer_period;
  while (itc() < end) {
  }
  check(ticks == before, "a masked timer is silent");
}

}  // namespace

int main() {
  print("interrupts\n");
  on_interruption = on_trap;
  messages();
  serial_line();
  timer();
  print(failures == 0 ? "interrupts: all as they should be\n" : "interrupts: FAILURES\n");
  return failures != 0;
}
