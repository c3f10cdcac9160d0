#include "sim/platform/device/ioapic.h"

namespace xs::platform {
namespace {

enum Offset : u64 { ioregsel = 0x00, iowin = 0x10, eoi = 0x40 };
constexpr u8 reg_id = 0, reg_version = 1, reg_arbitration = 2, reg_entries = 0x10;
constexpr u32 version = 0x20 | (Ioapic::pin_count - 1) << 16;

}  // namespace

Ioapic::Ioapic(Send send) : send_(std::move(send)) { entries_.fill(mask_bit); }

void Ioapic::set_pin(unsigned pin, bool asserted) {
  const u32 bit = u32{1} << pin;
  const bool was = asserted_ & bit;
  asserted_ = asserted ? asserted_ | bit : asserted_ & ~bit;
  if (entries_[pin] & level_bit) {
    requested_ = asserted ? requested_ | bit : requested_ & ~bit;
    service(pin);
  } else if (asserted && !was && !masked(pin)) {
    requested_ |= bit;
    service(pin);
  }
}

void Ioapic::service(unsigned pin) {
  const u32 bit = u32{1} << pin;
  u64& entry = entries_[pin];
  if (!(requested_ & bit) || (entry & mask_bit)) return;
  const bool level = entry & level_bit;
  if (level && (entry & remote_irr_bit)) return;
  if (level)
    entry |= remote_irr_bit;
  else
    requested_ &= ~bit;
  x86::ApicMessage m;
  m.vector = static_cast<u8>(entry);
  m.delivery = static_cast<x86::ApicMessage::Delivery>(entry >> 8 & 7);
  m.logical = entry >> 11 & 1;
  m.destination = static_cast<u8>(entry >> 56);
  m.level = level;
  send_(m);
}

void Ioapic::on_eoi(u8 vector) {
  for (unsigned pin = 0; pin < pin_count; ++pin) {
    u64& entry = entries_[pin];
    if (static_cast<u8>(entry) != vector || !(entry & level_bit) || !(entry & remote_irr_bit)) continue;
    entry &= ~remote_irr_bit;
    service(pin);
  }
}

bool Ioapic::read(u64 offset, unsigned, u64& value) {
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

bool Ioapic::write(u64 offset, unsigned, u64 value) {
  switch (offset) {
    case ioregsel:
      select_ = static_cast<u8>(value);
      return true;
    case iowin:
      write_window(static_cast<u32>(value));
      return true;
    case eoi:
      on_eoi(static_cast<u8>(value));
      return true;
    default:
      return false;
  }
}

u32 Ioapic::read_window() const {
  switch (select_) {
    case reg_id:
    case reg_arbitration:
      return u32{id_} << 24;
    case reg_version:
      return version;
  }
  const unsigned index = (select_ - reg_entries) / 2u;
  if (select_ < reg_entries || index >= pin_count) return 0;
  return static_cast<u32>(select_ & 1 ? entries_[index] >> 32 : entries_[index]);
}

void Ioapic::write_window(u32 value) {
  if (select_ == reg_id) id_ = value >> 24 & 0xf;
  const unsigned index = (select_ - reg_entries) / 2u;
  if (select_ < reg_entries || index >= pin_count) return;
  u64& entry = entries_[index];
  if (select_ & 1) {
    entry = (entry & 0xffffffff) | u64{value} << 32;
  } else {
    constexpr u64 read_only = remote_irr_bit | status_bit;
    entry = (entry & ~(u64{0xffffffff} & ~read_only)) | (value & ~read_only & 0x1ffff);
    if (!(entry & level_bit)) {
      entry &= ~remote_irr_bit;  // switching to edge acknowledges (how software clears a stuck level)
      requested_ &= ~(u32{1} << index);
    } else if (asserted_ >> index & 1) {
      requested_ |= u32{1} << index;
    }
  }
  service(index);
}

}  // namespace xs::platform
