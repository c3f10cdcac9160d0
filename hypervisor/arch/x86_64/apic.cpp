// Source: Intel SDM vol. 3A chapter 10, xAPIC mode.
#include "hypervisor/arch/x86_64/apic.h"

#include "hypervisor/arch/x86_64/cpu.h"
#include "hypervisor/arch/x86_64/paging.h"

namespace hv {
namespace {

constexpr Paddr kApicBase = 0xfee00000;
enum Register : u32 {
  kId = 0x20,
  kTaskPriority = 0x80,
  kEoi = 0xb0,
  kSpurious = 0xf0,
  kIcrLow = 0x300,
  kIcrHigh = 0x310,
  kLvtTimer = 0x320,
  kLvtLint0 = 0x350,
  kLvtLint1 = 0x360,
  kTimerInitial = 0x380,
  kTimerCurrent = 0x390,
  kTimerDivide = 0x3e0
};
constexpr u32 kMasked = 1 << 16, kEnable = 1 << 8, kDivideBy16 = 3;
constexpr u32 kDeliverNmi = 4 << 8, kDeliverInit = 5 << 8, kDeliverStartup = 6 << 8, kBusy = 1 << 12,
              kAssert = 1 << 14, kAllButSelf = 3 << 18;

volatile u8* registers;

u32 apic_read(Register r) { return *reinterpret_cast<volatile u32*>(registers + r); }
void apic_write(Register r, u32 value) { *reinterpret_cast<volatile u32*>(registers + r) = value; }

void send_command(u32 destination, u32 command) {
  while (apic_read(kIcrLow) & kBusy) pause_cpu();
  apic_write(kIcrHigh, destination << 24);
  apic_write(kIcrLow, command);
}

}  // namespace

void apic_map() { registers = static_cast<u8*>(map_device(kApicBase, kPageSize)); }

void apic_cpu_init() {
  apic_write(kTaskPriority, 0);
  apic_write(kLvtTimer, kMasked | kVectorTimer);
  apic_write(kLvtLint0, kMasked);
  apic_write(kLvtLint1, kMasked);
  apic_write(kTimerDivide, kDivideBy16);
  apic_write(kSpurious, kEnable | kVectorSpurious);
}

u32 apic_id() { return apic_read(kId) >> 24; }
void apic_eoi() { apic_write(kEoi, 0); }
void apic_send(u32 id, u8 vector) { send_command(id, kAssert | vector); }
void apic_send_nmi_to_others() { send_command(0, kAllButSelf | kAssert | kDeliverNmi); }

void apic_send_init(u32 id) { send_command(id, kAssert | kDeliverInit); }
void apic_send_startup(u32 id, u8 page) { send_command(id, kAssert | kDeliverStartup | page); }

void apic_timer_start(u32 count) {
  if (count == 0) {
    apic_write(kLvtTimer, kMasked | kVectorTimer);
    apic_write(kTimerInitial, 0);
    return;
  }
  apic_write(kLvtTimer, kVectorTimer);
  apic_write(kTimerInitial, count);
}

u32 apic_timer_current() { return apic_read(kTimerCurrent); }

}  // namespace hv
