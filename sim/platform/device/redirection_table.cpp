#include "sim/platform/device/redirection_table.h"

namespace xs::platform {
namespace {

enum Offset : u64 { ioregsel = 0x00, iowin = 0x10, eoi = 0x40 };
constexpr u8 reg_id = 0, reg_version = 1, reg_arbitration = 2, reg_entries = 0x10;

}  // namespace

RedirectionTable::RedirectionTable(unsigned pins, u8 version) : pins_(pins), version_(version) {}

void RedirectionTable::set_pin(unsigned number, bool asserted) {
  Pin& pin = pins_[number];
  const bool was = pin.asserted;
  pin.asserted = asserted;
  if (is_level(pin.entry)) {
    pin.requested = asserted;
    service(pin);
  } else if (asserted && !was && !masked(number)) {
    pin.requested = true;
    service(pin);
  }
}

void RedirectionTable::service(Pin& pin) {
  if (!pin.requested || (pin.entry & mask_bit)) return;
  const bool level = is_level(pin.entry);
  if (level && (pin.entry & remote_irr_bit)) return;
  if (level)
    pin.entry |= remote_irr_bit;
  else
    pin.requested = false;
  send(pin.entry);
}

void RedirectionTable::end_of_interrupt(u8 vector) {
  for (Pin& pin : pins_) {
    if (static_cast<u8>(pin.entry) != vector || !is_level(pin.entry) || !(pin.entry & remote_irr_bit))
      continue;
    pin.entry &= ~remote_irr_bit;
    service(pin);
  }
}

bool RedirectionTable::read(u64 offset, unsigned, u64& value) {
  switch (offset) {
    case ioregsel:
      value = select_;
      return true;
    case iowin:
      value = read_window();
      return true;
    default:
      return false;
  }
}

bool RedirectionTable::write(u64 offset, unsigned, u64 value) {
  switch (offset) {
    case ioregsel:
      select_ = static_cast<u8>(value);
      return true;
    case iowin:
      write_window(static_cast<u32>(value));
      return true;
    case eoi:
      end_of_interrupt(static_cast<u8>(value));
      return true;
    default:
      return false;
  }
}

u32 RedirectionTable::read_window() const {
  switch (select_) {
    case reg_id:
    case reg_arbitration:
      return u32{id_} << 24;
    case reg_version:
      return version_ | (pins() - 1) << 16;
  }
  const unsigned index = (select_ - reg_entries) / 2u;
  if (select_ < reg_entries || index >= pins()) return 0;
  const u64 entry = pins_[index].entry;
  return static_cast<u32>(select_ & 1 ? entry >> 32 : entry);
}

void RedirectionTable::write_window(u32 value) {
  if (select_ == reg_id) id_ = value >> 24 & 0xf;
  const unsigned index = (select_ - reg_entries) / 2u;
  if (select_ < reg_entries || index >= pins()) return;
  Pin& pin = pins_[index];
  if (select_ & 1) {
    pin.entry = (pin.entry & 0xffffffff) | u64{value} << 32;
  } else {
    constexpr u64 read_only = remote_irr_bit | status_bit;
    pin.entry = (pin.entry & ~(u64{0xffffffff} & ~read_only)) | (value & ~read_only & 0x1ffff);
    if (!is_level(pin.entry)) {
      pin.entry &= ~remote_irr_bit;  // switching to edge acknowledges (how software clears a stuck level)
      pin.requested = false;
    } else if (pin.asserted) {
      pin.requested = true;
    }
  }
  service(pin);
}

}  // namespace xs::platform
