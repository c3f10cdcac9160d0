// Local APIC: timer, inter-processor interrupts, end of interrupt.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

enum ApicVector : u8 {
  kVectorIoFirst = 0x30,  ///< + global interrupt number
  kVectorIoLast = 0xdf,
  kVectorTimer = 0xf0,
  kVectorKick = 0xf1,  ///< look at need_schedule, events
  kVectorFlush = 0xf2,
  kVectorSpurious = 0xff
};

void apic_map();
void apic_cpu_init();
u32 apic_id();
void apic_eoi();
void apic_send(u32 apic_id, u8 vector);
void apic_send_nmi_to_others();
void apic_send_init(u32 apic_id);
/// The CPU begins in real mode at page << 12.
void apic_send_startup(u32 apic_id, u8 page);
/// The timer counts down once from `count` (divide by 16) and interrupts; 0 stops it.
void apic_timer_start(u32 count);
u32 apic_timer_current();

}  // namespace hv
