// Source: Intel 82093AA data sheet (IOREGSEL, IOWIN, redirection entries).
#include "hypervisor/arch/x86_64/ioapic.h"

#include "hypervisor/arch/x86_64/apic.h"
#include "hypervisor/arch/x86_64/cpu.h"
#include "hypervisor/arch/x86_64/paging.h"
#include "hypervisor/arch/x86_64/serial.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/lock.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/pirq.h"
#include "hypervisor/common/print.h"

namespace hv {
namespace {

constexpr u32 kVersion = 1, kRedirection = 0x10;
constexpr u32 kMasked = 1 << 16, kLevel = 1 << 15, kActiveLow = 1 << 13;
constexpr unsigned kSerialGsi = 4;

struct IoApic {
  Paddr address;
  volatile u8* registers;
  unsigned first_gsi, pins;
};
IoApic ioapics[4];
unsigned ioapic_count;
Spinlock ioapic_lock;

struct Gsi {
  bool enabled = false, level = false, active_low = false;
  bool waiting_for_eoi = false;
  u64 arrived = 0;
};
Gsi gsis[kGsiCount];

u32 read_register(const IoApic& apic, u32 index) {
  *reinterpret_cast<volatile u32*>(apic.registers) = index;
  return *reinterpret_cast<volatile u32*>(apic.registers + 0x10);
}
void write_register(const IoApic& apic, u32 index, u32 value) {
  *reinterpret_cast<volatile u32*>(apic.registers) = index;
  *reinterpret_cast<volatile u32*>(apic.registers + 0x10) = value;
}

const IoApic* find_ioapic(unsigned gsi) {
  for (unsigned i = 0; i < ioapic_count; ++i)
    if (gsi >= ioapics[i].first_gsi && gsi < ioapics[i].first_gsi + ioapics[i].pins) return &ioapics[i];
  return nullptr;
}

void write_entry(unsigned gsi, bool masked) {
  const IoApic* apic = find_ioapic(gsi);
  if (!apic) return;
  const u32 index = kRedirection + 2 * (gsi - apic->first_gsi);
  write_register(*apic, index + 1, cpus[0].arch.apic_id << 24);
  write_register(*apic, index,
                 gsi_vector(gsi) | (gsis[gsi].level ? kLevel : 0) | (gsis[gsi].active_low ? kActiveLow : 0) |
                     (masked ? kMasked : 0));
}

/// The 8259s of a PC would raise the same lines: all masked, moved off the exception vectors.
void disable_legacy_controllers() {
  out8(0x20, 0x11), out8(0xa0, 0x11);
  out8(0x21, 0xe0), out8(0xa1, 0xe8);
  out8(0x21, 0x04), out8(0xa1, 0x02);
  out8(0x21, 0x01), out8(0xa1, 0x01);
  out8(0x21, 0xff), out8(0xa1, 0xff);
}

}  // namespace

bool gsi_exists(unsigned gsi) { return gsi < kGsiCount && find_ioapic(gsi) != nullptr; }
u8 gsi_vector(unsigned gsi) { return static_cast<u8>(kVectorIoFirst + gsi); }

void ioapic_init(const AcpiTopology& topology) {
  disable_legacy_controllers();
  for (unsigned i = 0; i < topology.ioapic_count; ++i) {
    IoApic& apic = ioapics[ioapic_count++];
    apic.address = topology.ioapic[i].address;
    apic.registers = static_cast<volatile u8*>(map_device(apic.address, kPageSize));
    apic.first_gsi = topology.ioapic[i].first_gsi;
    apic.pins = (read_register(apic, kVersion) >> 16 & 0xff) + 1;
  }
  // ISA lines are edge triggered; virtio-mmio devices, the only others here, hold their line until
  // acknowledged.
  for (unsigned gsi = 5; gsi < kGsiCount; ++gsi) gsis[gsi].level = gsi != 8;
  for (unsigned gsi = 0; gsi < kGsiCount; ++gsi) write_entry(gsi, true);
  gsi_enable(kSerialGsi);
  serial_enable_input();
}

void gsi_enable(unsigned gsi) {
  LockGuard guard(ioapic_lock);
  gsis[gsi].enabled = true;
  gsis[gsi].waiting_for_eoi = false;
  write_entry(gsi, false);
}

void gsi_disable(unsigned gsi) {
  LockGuard guard(ioapic_lock);
  gsis[gsi].enabled = false;
  write_entry(gsi, true);
}

void gsi_eoi(unsigned gsi) {
  LockGuard guard(ioapic_lock);
  if (!gsis[gsi].enabled || !gsis[gsi].waiting_for_eoi) return;
  gsis[gsi].waiting_for_eoi = false;
  write_entry(gsi, false);
}

void gsi_set_trigger(unsigned gsi, bool level, bool active_low) {
  LockGuard guard(ioapic_lock);
  gsis[gsi].level = level;
  gsis[gsi].active_low = active_low;
  write_entry(gsi, !gsis[gsi].enabled || gsis[gsi].waiting_for_eoi);
}

void gsi_arrived(u8 vector) {
  const unsigned gsi = vector - kVectorIoFirst;
  {
    LockGuard guard(ioapic_lock);
    ++gsis[gsi].arrived;
    if (gsis[gsi].level && gsis[gsi].enabled) {
      // The line stays high until the guest has served the device: no more of it until its EOI hypercall.
      gsis[gsi].waiting_for_eoi = true;
      write_entry(gsi, true);
    }
  }
  apic_eoi();
  if (gsi == kSerialGsi) return serial_interrupt();
  pirq_arrived(gsi);
}

bool ioapic_read_register(Paddr base, u32 index, u32& value) {
  LockGuard guard(ioapic_lock);
  for (unsigned i = 0; i < ioapic_count; ++i)
    if (ioapics[i].address == base) {
      value = read_register(ioapics[i], index & 0xff);
      return true;
    }
  return false;
}

void ioapic_dump() {
  for (unsigned gsi = 0; gsi < kGsiCount; ++gsi)
    if (gsis[gsi].enabled)
      print("GSI %u: vector %02x %s %s, %lu arrived%s\n", gsi, gsi_vector(gsi),
            gsis[gsi].level ? "level" : "edge", gsis[gsi].active_low ? "low" : "high", gsis[gsi].arrived,
            gsis[gsi].waiting_for_eoi ? ", waits for EOI" : "");
}

}  // namespace hv
