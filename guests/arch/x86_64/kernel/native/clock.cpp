// Source: Intel 8254 data sheet.
#include "clock.h"

#include "arch_cpu.h"
#include "guests/kernel/thread.h"
#include "guests/lib/panic.h"
#include "instructions.h"
#include "interrupts.h"

namespace {
constexpr u16 pit_channel_0 = 0x40, pit_control = 0x43;
constexpr u64 pit_hz = 1193182;
constexpr u16 measured_ticks = pit_hz / 100;  // 10 ms
using u128 = unsigned __int128;

u64 ns_per_cycle, counts_per_ns;  // 32 fraction bits
u64 first_cycle;

u16 pit_count() {
  out8(pit_control, 0);  // latch channel 0
  u8 low = in8(pit_channel_0);
  return static_cast<u16>(low | in8(pit_channel_0) << 8);
}

// Mode 0 counts down from 65535 once.
u16 pit_start() {
  out8(pit_control, 0x30);
  out8(pit_channel_0, 0xff);
  out8(pit_channel_0, 0xff);
  constexpr unsigned patience = 1000000;
  u16 first = pit_count();
  for (unsigned tries = 0; pit_count() == first; tries++)
    if (tries == patience) panic("the PIT does not count");
  return pit_count();
}
}  // namespace

void clock_init() {
  apic_timer_start(~0u);
  u16 begin = pit_start();
  first_cycle = arch_cycle_counter();
  u32 begin_left = apic_timer_left();
  u16 end;
  do end = pit_count();
  while (static_cast<u16>(begin - end) < measured_ticks);
  u64 cycles = arch_cycle_counter() - first_cycle;
  u64 counts = begin_left - apic_timer_left();
  apic_timer_start(0);
  if (!cycles || !counts) panic("the TSC or the APIC timer does not count");
  u64 ns = static_cast<u16>(begin - end) * ns_per_s / pit_hz;
  ns_per_cycle = (ns << 32) / cycles;
  counts_per_ns = (counts << 32) / ns;
}

u64 clock_ns() {
  return static_cast<u64>(static_cast<u128>(arch_cycle_counter() - first_cycle) * ns_per_cycle >> 32);
}

// An alarm that the counter cannot hold comes early; whoever waits looks at the time and sets another.
void clock_set_alarm(u64 deadline_ns) {
  if (deadline_ns == no_deadline) return apic_timer_start(0);
  u64 now = clock_ns();
  u64 wait = deadline_ns > now ? deadline_ns - now : 0;
  u64 count = static_cast<u64>(static_cast<u128>(wait) * counts_per_ns >> 32) + 1;
  apic_timer_start(static_cast<u32>(min_of<u64>(count, ~0u)));
}
