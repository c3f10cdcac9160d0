// Finding virtio-mmio devices and binding their interrupts.
#include "guests/kernel/heap.h"
#include "guests/kernel/memory_model.h"
#include "guests/kernel/operator/boot_word.h"
#include "guests/kernel/platform.h"
#include "guests/kernel/virtio/virtio_mmio.h"
#include "guests/lib/string.h"

#include <linux/virtio_mmio.h>

VirtioSlots virtio_slots;

namespace {
constexpr u32 magic = 0x74726976;  // "virt"

// The line falls when the device's own status is acknowledged.
void on_interrupt(void* context) {
  auto& d = *static_cast<VirtioDevice*>(context);
  if (u32 status = virtio_read(d, VIRTIO_MMIO_INTERRUPT_STATUS))
    virtio_write(d, VIRTIO_MMIO_INTERRUPT_ACK, status);
  wake_all(d.interrupt);
}

// 0: there is none.
u32 device_id(const VirtioDevice& probe) {
  const bool modern =
      virtio_read(probe, VIRTIO_MMIO_MAGIC_VALUE) == magic && virtio_read(probe, VIRTIO_MMIO_VERSION) == 2;
  return modern ? virtio_read(probe, VIRTIO_MMIO_DEVICE_ID) : 0;
}

bool probe_one(volatile u8* regs, u32 gsi, void (*found)(VirtioDevice*)) {
  VirtioDevice probe{regs, 0, 0, false, {}};
  probe.id = device_id(probe);
  auto* d = probe.id ? heap_new<VirtioDevice>() : nullptr;
  if (!d) return false;
  *d = probe;
  d->interrupts = platform.bind_interrupt(gsi, on_interrupt, d);
  found(d);
  return true;
}

// As Linux spells it on its command line; the first of what else is in the text.
bool parse_place(const char* p, u64& size, u64& base, u64& gsi) {
  if (!(p = scan_number(p, size))) return false;
  if (*p == 'K' || *p == 'k') size *= KiB, p++;
  return *p++ == '@' && (p = scan_number(p, base)) && *p++ == ':' && scan_number(p, gsi);
}

bool probe_command_line(void (*found)(VirtioDevice*)) {
  constexpr char key[] = "virtio_mmio.device=";
  bool any = false;
  const char* at = platform.command_line();
  while ((at = strstr(at, key))) {
    at += sizeof key - 1;
    u64 size, base, gsi;
    if (!parse_place(at, size, base, gsi)) continue;
    virtio_probe_at(at, found);
    any = true;
  }
  return any;
}

u32 hidden_slots() {
  char text[64];
  u32 slots = 0;
  u64 slot;
  boot_word(platform.command_line(), "hide", text, sizeof text);
  for (const char* p = text; (p = scan_number(p, slot)) && slot < virtio_slot_count; p++) {
    slots |= 1u << slot;
    if (*p != ',') break;
  }
  return slots;
}
}  // namespace

bool virtio_probe_at(const char* place, void (*found)(VirtioDevice*)) {
  u64 size, base, gsi;
  long error;
  if (!parse_place(place, size, base, gsi)) return false;
  auto* regs = static_cast<volatile u8*>(model_map_device(base, size, error));
  return regs && probe_one(regs, static_cast<u32>(gsi), found);
}

void virtio_probe(void (*found)(VirtioDevice*)) {
  if (probe_command_line(found)) return;
  long error;
  auto* board = static_cast<volatile u8*>(
      model_map_device(virtio_slot_address(0), virtio_slot_count * virtio_slot_bytes, error));
  if (!board) return;
  virtio_slots.hidden = hidden_slots();
  for (u32 slot = virtio_slot_count; slot-- > 0;) {
    volatile u8* regs = board + slot * virtio_slot_bytes;
    if (device_id({regs, 0, 0, false, {}})) virtio_slots.present |= 1u << slot;
    if (!(virtio_slots.hidden >> slot & 1)) probe_one(regs, virtio_slot_interrupt(slot), found);
  }
}
