// Finding virtio-mmio devices and binding their interrupts.
#include "guests/kernel/heap.h"
#include "guests/kernel/memory_model.h"
#include "guests/kernel/platform.h"
#include "guests/kernel/virtio/virtio_mmio.h"
#include "guests/lib/string.h"

#include <linux/virtio_mmio.h>

namespace {
constexpr u32 magic = 0x74726976;  // "virt"
// QEMU's microvm with ACPI: 24 slots, filled from the last one down; interrupts on the second I/O APIC.
constexpr u64 board_base = 0xfeb00000, board_step = 0x200, board_slots = 24, board_interrupt = 24;

// The line falls when the device's own status is acknowledged.
void on_interrupt(void* context) {
  auto& d = *static_cast<VirtioDevice*>(context);
  if (u32 status = virtio_read(d, VIRTIO_MMIO_INTERRUPT_STATUS))
    virtio_write(d, VIRTIO_MMIO_INTERRUPT_ACK, status);
  wake_all(d.interrupt);
}

void probe_one(volatile u8* regs, u32 gsi, void (*found)(VirtioDevice*)) {
  VirtioDevice probe{regs, 0, 0, false, {}};
  if (virtio_read(probe, VIRTIO_MMIO_MAGIC_VALUE) != magic || virtio_read(probe, VIRTIO_MMIO_VERSION) != 2)
    return;
  probe.id = virtio_read(probe, VIRTIO_MMIO_DEVICE_ID);
  auto* d = probe.id ? heap_new<VirtioDevice>() : nullptr;
  if (!d) return;
  *d = probe;
  d->interrupts = platform.bind_interrupt(gsi, on_interrupt, d);
  found(d);
}

// virtio_mmio.device=<size>@<base>:<irq>, as Linux spells it.
bool probe_command_line(void (*found)(VirtioDevice*)) {
  constexpr char key[] = "virtio_mmio.device=";
  bool any = false;
  const char* at = platform.command_line();
  while ((at = strstr(at, key))) {
    at += sizeof key - 1;
    u64 size, base, gsi;
    const char* p = scan_number(at, size);
    if (!p) continue;
    if (*p == 'K' || *p == 'k') size *= KiB, p++;
    if (*p++ != '@' || !(p = scan_number(p, base)) || *p++ != ':' || !scan_number(p, gsi)) continue;
    long error;
    auto* regs = static_cast<volatile u8*>(model_map_device(base, size, error));
    if (regs) probe_one(regs, static_cast<u32>(gsi), found);
    any = true;
  }
  return any;
}
}  // namespace

void virtio_probe(void (*found)(VirtioDevice*)) {
  if (probe_command_line(found)) return;
  long error;
  auto* regs = static_cast<volatile u8*>(model_map_device(board_base, board_slots * board_step, error));
  if (!regs) return;
  for (u32 slot = board_slots; slot-- > 0;)
    probe_one(regs + slot * board_step, static_cast<u32>(board_interrupt + slot), found);
}
