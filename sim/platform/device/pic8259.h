// The pair of Intel 8259A interrupt controllers (master 0x20, slave 0xa0 on IR2) with their edge/level
// control registers (0x4d0, 0x4d1). Kernels on this machine use the I/O APIC; these are here to be
// initialised, masked and, in virtual-wire mode, to raise ExtINT on the boot processor.
//
// Source: Intel 8259A data sheet (231468).
#pragma once
#include <array>

#include "sim/platform/device/register_device.h"

namespace xs::platform {

class Pic8259 {
 public:
  explicit Pic8259(IrqLine intr);
  Pic8259(const Pic8259&) = delete;
  Pic8259& operator=(const Pic8259&) = delete;

  void set_irq(unsigned irq, bool asserted);  ///< 0..15
  u8 acknowledge();                           ///< the INTA cycle: the vector; spurious IR7 when nothing pends
  bool masked(unsigned irq) const { return chips_[irq / 8].imr >> (irq % 8) & 1; }
  RegisterDevice& command_data(unsigned chip) { return chip_ports_[chip]; }
  RegisterDevice& trigger_control() { return elcr_port_; }

 private:
  struct Chip {
    u8 irr = 0, isr = 0, lines = 0, elcr = 0;
    u8 imr = 0xff;  ///< firmware leaves both chips masked
    u8 vector_base = 0, lowest = 7;
    u8 init_step = 0;  ///< 0: ready; 2..4: expects ICWn
    bool needs_icw4 = false, single = false, auto_eoi = false, read_isr = false, special_mask = false;
    bool poll = false, rotate_auto_eoi = false, special_fully_nested = false;
  };
  class ChipPort : public RegisterDevice {
   public:
    ChipPort(Pic8259& pic, unsigned chip) : pic_(pic), chip_(chip) {}
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

   private:
    Pic8259& pic_;
    unsigned chip_;
  };
  class ElcrPort : public RegisterDevice {
   public:
    explicit ElcrPort(Pic8259& pic) : pic_(pic) {}
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

   private:
    Pic8259& pic_;
  };

  void set_line(Chip& chip, unsigned line, bool asserted);
  int pending(const Chip& chip) const;  ///< line to serve, or -1
  void take(Chip& chip, unsigned line);
  void write_command(Chip& chip, u8 value);
  void write_ocw2(Chip& chip, u8 value);
  void write_data(Chip& chip, u8 value);
  void update();

  IrqLine intr_;
  std::array<Chip, 2> chips_;
  std::array<ChipPort, 2> chip_ports_;
  ElcrPort elcr_port_;
};

}  // namespace xs::platform
