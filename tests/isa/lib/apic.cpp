#include "tests/isa/lib/apic.h"

#include "tests/isa/lib/descriptors.h"

extern "C" char ap_trampoline[], ap_trampoline_end[];
extern "C" void* memcpy(void*, const void*, unsigned long);

namespace isa {
namespace {

constexpr u64 trampoline_pa = 0x8000;
constexpr u32 icr_init = 0x500, icr_startup = 0x600, icr_assert = 0x4000, icr_pending = 0x1000;

void (*ap_entry)();
volatile bool ap_arrived;

}  // namespace

/// The pair is remapped away from the exceptions and every line is masked.
void mask_pic() {
  const u8 master[] = {0x11, 0xe0, 4, 1}, slave[] = {0x11, 0xe8, 2, 1};
  outb(0x20, master[0]);
  outb(0xa0, slave[0]);
  for (unsigned i = 1; i < 4; ++i) {
    outb(0x21, master[i]);
    outb(0xa1, slave[i]);
  }
  outb(0x21, 0xff);
  outb(0xa1, 0xff);
}

void enable_lapic() { lapic::write(lapic::svr, 0x1ff); }

void send_ipi(u8 apic_id, u32 icr_low) {
  lapic::write(lapic::icr_high, u32{apic_id} << 24);
  lapic::write(lapic::icr_low, icr_low);
  while ((lapic::read(lapic::icr_low) & icr_pending) != 0) pause();
}

extern "C" void ap_start() {
  load_descriptors(1);
  enable_lapic();
  ap_arrived = true;
  ap_entry();
  for (;;) asm volatile("cli; hlt");
}

void start_cpu1(void (*entry)()) {
  memcpy(reinterpret_cast<void*>(trampoline_pa), ap_trampoline,
         static_cast<unsigned long>(ap_trampoline_end - ap_trampoline));
  ap_entry = entry;
  ap_arrived = false;
  send_ipi(1, icr_init | icr_assert);
  send_ipi(1, icr_startup | icr_assert | trampoline_pa >> 12);
  for (unsigned wait = 0; wait < 100000 && !ap_arrived; ++wait) pause();
  if (!ap_arrived) send_ipi(1, icr_startup | icr_assert | trampoline_pa >> 12);
  while (!ap_arrived) pause();
}

}  // namespace isa
