// The local APIC at 0xfee00000 (SDM vol. 3A chapter 10), the PIC pair kept silent.
#pragma once
#include "tests/isa/lib/cpu.h"

namespace isa {

namespace lapic {
inline constexpr u32 id = 0x20, version = 0x30, tpr = 0x80, ppr = 0xa0, eoi = 0xb0, ldr = 0xd0, dfr = 0xe0,
                     svr = 0xf0, isr = 0x100, tmr = 0x180, irr = 0x200, esr = 0x280, icr_low = 0x300,
                     icr_high = 0x310, lvt_timer = 0x320, lvt_lint0 = 0x350, lvt_lint1 = 0x360,
                     lvt_error = 0x370, timer_initial = 0x380, timer_current = 0x390, timer_divide = 0x3e0;
inline constexpr u32 masked = 1u << 16, periodic = 1u << 17;
inline constexpr u32 divide_by_1 = 0xb, divide_by_16 = 3;

inline volatile u32& reg(u32 offset) { return *reinterpret_cast<volatile u32*>(0xfee00000ul + offset); }
inline u32 read(u32 offset) { return reg(offset); }
inline void write(u32 offset, u32 value) { reg(offset) = value; }
/// Bit of a 256-bit register (isr, tmr, irr).
inline bool bit(u32 base, unsigned vector) {
  return (read(base + 16 * (vector / 32)) >> vector % 32 & 1) != 0;
}
}  // namespace lapic

void mask_pic();
/// Software-enables the calling CPU's APIC; spurious vector 0xff.
void enable_lapic();
void send_ipi(u8 apic_id, u32 icr_low);

/// Starts CPU 1 by INIT and two STARTUPs; it calls `entry` on its own stack with descriptors loaded and
/// interrupts off. Returns when it has arrived.
void start_cpu1(void (*entry)());

}  // namespace isa
