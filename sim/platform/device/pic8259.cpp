#include "sim/platform/device/pic8259.h"

namespace xs::platform {
namespace {

constexpr unsigned cascade_line = 2;
constexpr u8 elcr_writable[2] = {0xf8, 0xde};  // IRQ 0, 1, 2, 8 and 13 are always edge-triggered

/// Distance from the highest priority line (0 = most urgent) of the lowest set bit in priority order; 8 =
/// none.
unsigned priority_of(u8 bits, u8 lowest) {
  for (unsigned p = 0; p < 8; ++p)
    if (bits >> ((lowest + 1 + p) & 7) & 1) return p;
  return 8;
}

}  // namespace

Pic8259::Pic8259(IrqLine intr)
    : intr_(std::move(intr)), chip_ports_{ChipPort(*this, 0), ChipPort(*this, 1)}, elcr_port_(*this) {}

void Pic8259::set_irq(unsigned irq, bool asserted) {
  set_line(chips_[irq / 8], irq % 8, asserted);
  update();
}

void Pic8259::set_line(Chip& chip, unsigned line, bool asserted) {
  const u8 bit = static_cast<u8>(1u << line);
  if (asserted) {
    if ((chip.elcr & bit) || !(chip.lines & bit)) chip.irr |= bit;
    chip.lines |= bit;
  } else {
    if (chip.elcr & bit) chip.irr &= static_cast<u8>(~bit);
    chip.lines &= static_cast<u8>(~bit);
  }
}

int Pic8259::pending(const Chip& chip) const {
  const unsigned wanted = priority_of(chip.irr & static_cast<u8>(~chip.imr), chip.lowest);
  if (wanted == 8) return -1;
  u8 in_service = chip.isr;
  if (chip.special_mask) in_service &= static_cast<u8>(~chip.imr);
  // In special fully nested mode a slave may interrupt its own service.
  if (chip.special_fully_nested && &chip == &chips_[0]) in_service &= static_cast<u8>(~(1u << cascade_line));
  if (wanted >= priority_of(in_service, chip.lowest)) return -1;
  return static_cast<int>((chip.lowest + 1 + wanted) & 7);
}

void Pic8259::update() {
  set_line(chips_[0], cascade_line, pending(chips_[1]) >= 0);
  if (pending(chips_[1]) < 0) chips_[0].irr &= static_cast<u8>(~(1u << cascade_line));
  intr_(pending(chips_[0]) >= 0);
}

void Pic8259::take(Chip& chip, unsigned line) {
  const u8 bit = static_cast<u8>(1u << line);
  if (!chip.auto_eoi)
    chip.isr |= bit;
  else if (chip.rotate_auto_eoi)
    chip.lowest = static_cast<u8>(line);
  if (!(chip.elcr & bit)) chip.irr &= static_cast<u8>(~bit);
}

u8 Pic8259::acknowledge() {
  Chip& master = chips_[0];
  Chip& slave = chips_[1];
  const int line = pending(master);
  u8 vector = master.vector_base + 7;
  if (line >= 0) {
    take(master, static_cast<unsigned>(line));
    vector = static_cast<u8>(master.vector_base + line);
    if (line == cascade_line) {
      const int second = pending(slave);
      if (second >= 0) take(slave, static_cast<unsigned>(second));
      vector = static_cast<u8>(slave.vector_base + (second >= 0 ? second : 7));
    }
  }
  update();
  return vector;
}

void Pic8259::write_command(Chip& chip, u8 value) {
  if (value & 0x10) {  // ICW1
    const u8 elcr = chip.elcr, lines = chip.lines;
    chip = Chip{};
    chip.elcr = elcr;
    chip.lines = lines;
    chip.imr = 0;  // initialisation clears the mask
    chip.needs_icw4 = value & 1;
    chip.single = value & 2;
    chip.init_step = 2;
  } else if (value & 0x08) {  // OCW3
    if (value & 4) chip.poll = true;
    if (value & 2) chip.read_isr = value & 1;
    if (value & 0x40) chip.special_mask = value & 0x20;
  } else {
    write_ocw2(chip, value);
  }
}

// Bits 7:5: rotate, specific, EOI; 2:0 the line of a specific command.
void Pic8259::write_ocw2(Chip& chip, u8 value) {
  const u8 line = value & 7;
  const unsigned urgent = priority_of(chip.isr, chip.lowest);
  const u8 served = static_cast<u8>((chip.lowest + 1 + urgent) & 7);
  switch (value >> 5) {
    case 0:
      chip.rotate_auto_eoi = false;
      break;
    case 4:
      chip.rotate_auto_eoi = true;
      break;
    case 1:
    case 5:
      if (urgent == 8) break;
      chip.isr &= static_cast<u8>(~(1u << served));
      if (value >> 5 == 5) chip.lowest = served;
      break;
    case 3:
      chip.isr &= static_cast<u8>(~(1u << line));
      break;
    case 6:
      chip.lowest = line;
      break;
    case 7:
      chip.isr &= static_cast<u8>(~(1u << line));
      chip.lowest = line;
      break;
    default:
      break;  // 2: no operation
  }
}

void Pic8259::write_data(Chip& chip, u8 value) {
  switch (chip.init_step) {
    case 2:
      chip.vector_base = value & 0xf8;
      chip.init_step = chip.single ? (chip.needs_icw4 ? 4 : 0) : 3;
      break;
    case 3:
      chip.init_step = chip.needs_icw4 ? 4 : 0;
      break;
    case 4:
      chip.special_fully_nested = value & 0x10;
      chip.auto_eoi = value & 2;
      chip.init_step = 0;
      break;
    default:
      chip.imr = value;
  }
}

bool Pic8259::ChipPort::read(u64 offset, unsigned, u64& value) {
  Chip& chip = pic_.chips_[chip_];
  if (chip.poll) {
    chip.poll = false;
    const int line = pic_.pending(chip);
    if (line >= 0) pic_.take(chip, static_cast<unsigned>(line));
    value = line >= 0 ? 0x80u | static_cast<unsigned>(line) : 0;
    pic_.update();
  } else {
    value = offset == 1 ? chip.imr : chip.read_isr ? chip.isr : chip.irr;
  }
  return true;
}

bool Pic8259::ChipPort::write(u64 offset, unsigned, u64 value) {
  Chip& chip = pic_.chips_[chip_];
  if (offset == 0)
    pic_.write_command(chip, static_cast<u8>(value));
  else
    pic_.write_data(chip, static_cast<u8>(value));
  pic_.update();
  return true;
}

bool Pic8259::ElcrPort::read(u64 offset, unsigned, u64& value) {
  value = pic_.chips_[offset].elcr;
  return true;
}

bool Pic8259::ElcrPort::write(u64 offset, unsigned, u64 value) {
  pic_.chips_[offset].elcr = static_cast<u8>(value) & elcr_writable[offset];
  return true;
}

}  // namespace xs::platform
