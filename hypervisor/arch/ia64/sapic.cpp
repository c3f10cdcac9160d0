#include "hypervisor/arch/ia64/sapic.h"

#include "hypervisor/arch/ia64/cpu.h"
#include "hypervisor/arch/ia64/flush.h"
#include "hypervisor/arch/ia64/layout.h"
#include "hypervisor/arch/ia64/serial.h"
#include "hypervisor/common/lock.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/physdev.h"
#include "hypervisor/common/pirq.h"
#include "hypervisor/common/platform.h"
#include "hypervisor/common/print.h"

namespace hv {
namespace {

constexpr Paddr kInterruptBlock = 0xfee00000;
constexpr unsigned kSerialGsi = 4;
constexpr u32 kLevel = 1 << 15, kActiveLow = 1 << 13, kMasked = 1 << 16;

struct IoSapic {
  Paddr address;
  unsigned first, count;
};
IoSapic iosapic;
u32 trigger[kGsiCount];  // bits of the redirection entry's low half
Spinlock iosapic_lock;

void write_register(u32 index, u32 value) {
  device<u32>(iosapic.address) = index;
  device<u32>(iosapic.address + 0x10) = value;
}
u32 read_register(u32 index) {
  device<u32>(iosapic.address) = index;
  return device<u32>(iosapic.address + 0x10);
}

u8 gsi_vector(unsigned gsi) { return static_cast<u8>(kVectorIoFirst + gsi); }

void route(unsigned gsi, bool enabled) {
  LockGuard guard(iosapic_lock);
  const u32 entry = 0x10 + 2 * (gsi - iosapic.first);
  write_register(entry, kMasked | trigger[gsi] | gsi_vector(gsi));
  write_register(entry + 1, cpus[0].arch.sapic_id << 16);
  if (enabled) write_register(entry, trigger[gsi] | gsi_vector(gsi));
}

void gsi_arrived(unsigned gsi) {
  if (gsi == kSerialGsi) {
    serial_interrupt();
    gsi_eoi(gsi);
  } else {
    pirq_arrived(gsi);
  }
}

void handle_interrupt(u8 vector) {
  switch (vector) {
    case kVectorTimer:
      return timers_run();
    case kVectorKick:
      return serve_flush_request();
    case kVectorStop:
      if (panicking()) arch_stop();
      return;
    default:
      if (vector >= kVectorIoFirst && vector < kVectorIoFirst + kGsiCount)
        gsi_arrived(vector - kVectorIoFirst);
      else
        print("interrupt with vector %02x that nobody uses\n", vector);
  }
}

}  // namespace

u32 sapic_id() { return static_cast<u32>(HV_READ("cr.lid") >> 16); }

void sapic_cpu_init() {
  HV_WRITE("cr.itv", kVectorTimer);
  this_cpu().arch.sapic_id = sapic_id();
}

void sapic_send(u32 id, u8 vector) {
  device<u64>(kInterruptBlock + (u64{id >> 8} << 12) + (u64{id & 0xff} << 4)) = vector;
}

void handle_interrupts() {
  for (;;) {
    const u8 vector = static_cast<u8>(HV_READ("cr.ivr"));
    serialize_data();
    if (vector == kVectorSpurious) return;
    handle_interrupt(vector);
    HV_WRITE("cr.eoi", 0);
  }
}

void iosapic_init(Paddr address, unsigned first_gsi) {
  iosapic = {address, first_gsi, 0};
  iosapic.count = min_of((read_register(1) >> 16 & 0xff) + 1, kGsiCount - first_gsi);
  for (unsigned gsi = first_gsi; gsi < first_gsi + iosapic.count; ++gsi) {
    trigger[gsi] = gsi < 16 ? 0 : kLevel;  // ISA's are edges
    route(gsi, false);
  }
  serial_enable_input();
  route(kSerialGsi, true);
}

bool gsi_exists(unsigned gsi) { return gsi - iosapic.first < iosapic.count; }
void gsi_enable(unsigned gsi) { route(gsi, true); }
void gsi_disable(unsigned gsi) { route(gsi, false); }
void gsi_eoi(unsigned gsi) { device<u32>(iosapic.address + 0x40) = gsi_vector(gsi); }
void gsi_set_trigger(unsigned gsi, bool level, bool active_low) {
  trigger[gsi] = (level ? kLevel : 0) | (active_low ? kActiveLow : 0);
}

bool arch_pirq_exists(unsigned pirq) { return gsi_exists(pirq) && pirq != kSerialGsi; }
void arch_pirq_enable(unsigned pirq) { gsi_enable(pirq); }
void arch_pirq_disable(unsigned pirq) { gsi_disable(pirq); }
void arch_pirq_eoi(unsigned pirq) { gsi_eoi(pirq); }
void arch_pirq_set_trigger(unsigned pirq, bool level, bool active_low) {
  gsi_set_trigger(pirq, level, active_low);
}
long arch_physdev_op(u64, Vaddr) { return -XEN_ENOSYS; }

void arch_dump_interrupts() {
  for (unsigned gsi = iosapic.first; gsi < iosapic.first + iosapic.count; ++gsi) {
    const u32 entry = read_register(0x10 + 2 * (gsi - iosapic.first));
    if (!(entry & kMasked))
      print("GSI %u: vector %02x %s\n", gsi, entry & 0xff, entry & kLevel ? "level" : "edge");
  }
}

void arch_kick(unsigned cpu) {
  if (cpu != this_cpu().id) sapic_send(cpus[cpu].arch.sapic_id, kVectorKick);
}
void arch_kick_timer(unsigned cpu) { sapic_send(cpus[cpu].arch.sapic_id, kVectorTimer); }

}  // namespace hv
