// Proves: the clocks of the machine agree with each other. PIT channel 0 (1193182 Hz), the local APIC timer
// (1 GHz, divided as told) and the TSC (1 GHz) are compared over the same stretch of time; a periodic PIT
// interrupt through I/O APIC pin 2 comes as often as the APIC timer says it should.
#include "tests/isa/lib/apic.h"
#include "tests/isa/lib/descriptors.h"
#include "tests/isa/lib/main.h"
#include "tests/isa/lib/text.h"
#include "tests/isa/lib/trap.h"

using namespace isa;

namespace {

constexpr u16 pit_channel0 = 0x40, pit_command = 0x43;
constexpr u32 start_count = 0xffffffff;
constexpr unsigned v_pit = 0x60;

void set_pit(u8 mode, u16 divisor) {
  outb(pit_command, static_cast<u8>(0x30 | mode << 1));
  outb(pit_channel0, static_cast<u8>(divisor));
  outb(pit_channel0, static_cast<u8>(divisor >> 8));
}
u16 read_pit() {
  outb(pit_command, 0x00);  // latch channel 0
  const u8 low = inb(pit_channel0);
  return static_cast<u16>(low | inb(pit_channel0) << 8);
}
/// Waits until the PIT has counted `ticks` down; returns how many it counted really.
u32 wait_pit(u32 ticks) {
  const u16 start = read_pit();
  u16 passed;
  do passed = static_cast<u16>(start - read_pit());
  while (passed < ticks);
  return passed;
}
bool near(u64 value, u64 expected, u64 percent) {
  const u64 slack = expected * percent / 100;
  return value >= expected - slack && value <= expected + slack;
}
void start_apic_timer(u32 divide) {
  lapic::write(lapic::lvt_timer, lapic::masked | 0xf0);
  lapic::write(lapic::timer_divide, divide);
  lapic::write(lapic::timer_initial, start_count);
}
u32 apic_passed() { return start_count - lapic::read(lapic::timer_current); }

void clocks() {
  print("-- one stretch of time, three clocks\n");
  set_pit(2, 0);
  static const struct {
    u32 divide;
    unsigned by;
  } dividers[] = {{0xb, 1}, {0, 2}, {1, 4}, {3, 16}, {0xa, 128}};
  for (const auto& d : dividers) {
    start_apic_timer(d.divide);
    const u64 tsc = rdtsc();
    const u32 apic = apic_passed();
    const u32 pit = wait_pit(10'000);
    const u64 nanoseconds = u64{pit} * 1'000'000'000 / 1'193'182;
    const u64 apic_ns = u64{apic_passed() - apic} * d.by, tsc_ns = rdtsc() - tsc;
    print("divider ", d.by, ": APIC as PIT ", near(apic_ns, nanoseconds, 2), ", TSC as PIT ",
          near(tsc_ns, nanoseconds, 2), "\n");
  }
  set_pit(0, 0xffff);
  print("PIT mode 0 counts down by one a tick: ", near(wait_pit(5000), 5000, 5), "\n");
}

volatile unsigned pit_interrupts;

void periodic_interrupt() {
  print("-- periodic PIT interrupt\n");
  volatile u32* const select = reinterpret_cast<volatile u32*>(0xfec00000ul);
  constexpr u32 pin2 = 0x10 + 2 * 2;
  on_vector(v_pit, [](TrapFrame&) {
    pit_interrupts = pit_interrupts + 1;
    lapic::write(lapic::eoi, 0);
  });
  auto write = [=](u32 index, u32 value) {
    *select = index;
    select[4] = value;
  };
  write(pin2 + 1, 0);
  write(pin2, v_pit);
  constexpr u16 one_millisecond = 1193;
  set_pit(2, one_millisecond);
  while (pit_interrupts == 0) sti_hlt_cli();
  pit_interrupts = 0;
  start_apic_timer(0xb);
  while (pit_interrupts < 20) sti_hlt_cli();
  print("20 periods of 1 ms take 20 ms of APIC timer: ", near(apic_passed(), 20'000'000, 2), "\n");
  write(pin2, v_pit | lapic::masked);
  const unsigned before = pit_interrupts;
  wait_pit(1000);
  sti();
  asm volatile("nop; nop");
  cli();
  print("masked: ", pit_interrupts - before, "\n");
}

volatile unsigned apic_interrupts;

void long_wait() {
  print("-- APIC timer in HLT\n");
  on_vector(v_pit, [](TrapFrame&) {
    apic_interrupts = apic_interrupts + 1;
    lapic::write(lapic::eoi, 0);
  });
  for (u32 count : {1'000'000u, 5'000'000u, 50'000'000u}) {
    const unsigned before = apic_interrupts;
    lapic::write(lapic::timer_divide, lapic::divide_by_1);
    lapic::write(lapic::lvt_timer, v_pit);
    const u64 tsc = rdtsc();
    lapic::write(lapic::timer_initial, count);
    while (apic_interrupts == before) sti_hlt_cli();
    print(count, " ns: ", near(rdtsc() - tsc, count, 2), "\n");
  }
}

}  // namespace

void isa_main() {
  enable_lapic();
  clocks();
  periodic_interrupt();
  long_wait();
}
