// Accesses to what is not DRAM: the core's own local APIC, devices on the bus, ports.
#include <cstring>

#include "sim/cpu_x86/system/core.h"

namespace xs::x86 {

bool Core::lapic_page(u64 pa) const {
  return (apic_base_ & apic_base_enabled) && ((pa ^ apic_base_) & 0xffffff000) == 0 && pa >> 36 == 0;
}

u64 Core::device_access(Space space, bool write, u64 address, u64 value, unsigned size) {
  u64 latency = 0;
  u8 data[8];
  std::memcpy(data, &value, sizeof data);
  const bool answered = bus_.transport(space, write, address, data, size, latency);
  engine_->charge(latency, 0);
  if (!answered) {
    if (space == Space::port)
      unmodelled_port(static_cast<u16>(address));
    else
      unmodelled_memory("mmio", write, address, size);
  }
  u64 result = 0;
  std::memcpy(&result, data, size);
  return result;
}

u64 Core::mmio_read(u64 pa, unsigned size) {
  ++counters_.mmio_accesses;
  engine_->charge(config_.timing.mmio, 0);
  if (!lapic_page(pa)) return device_access(Space::memory, false, pa, ~u64{0}, size);
  const u32 offset = static_cast<u32>(pa & frame_mask);
  if (!lapic_.known(offset)) unmodelled_memory("lapic", false, pa, size);
  return lapic_.read(offset);
}

void Core::mmio_write(u64 pa, unsigned size, u64 value) {
  ++counters_.mmio_accesses;
  engine_->charge(config_.timing.mmio, 0);
  interrupt_raised_ = false;
  if (!lapic_page(pa)) {
    device_access(Space::memory, true, pa, value, size);
  } else {
    const u32 offset = static_cast<u32>(pa & frame_mask);
    if (!lapic_.known(offset)) unmodelled_memory("lapic", true, pa, size);
    lapic_.write(offset, static_cast<u32>(value));
  }
  if (interrupt_raised_) note_interrupt(false, pa, size);
}

u32 Core::port_read(u16 port, unsigned size) {
  ++counters_.port_accesses;
  note_port_access();
  engine_->charge(config_.timing.port_io, 0);
  return static_cast<u32>(device_access(Space::port, false, port, ~u64{0}, size));
}

void Core::port_write(u16 port, unsigned size, u32 value) {
  ++counters_.port_accesses;
  note_port_access();
  engine_->charge(config_.timing.port_io, 0);
  interrupt_raised_ = false;
  device_access(Space::port, true, port, value, size);
  if (interrupt_raised_) note_interrupt(true, 0, 0);
}

}  // namespace xs::x86
