// The local APIC, xAPIC mode (Intel SDM vol. 3A chapter 10): registers at 0xfee00000, 16 bytes apart.
//
//     ApicBus --deliver--> IRR --(class above PPR)--> ISR --EOI--> (level: broadcast to I/O APICs)
//     ICR write --send--> ApicBus        LVT timer, LINT0 (ExtINT from the 8259), error
//
// The timer counts at 1 GHz divided by the divide configuration register, as QEMU's does.
#pragma once
#include <array>

#include "sim/core/types.h"
#include "sim/cpu_x86/apic_bus.h"

namespace xs::x86 {

/// The core that this APIC belongs to.
class LapicHost {
 public:
  virtual ~LapicHost() = default;
  virtual u64 now_ps() const = 0;
  virtual void interrupt_changed() = 0;  ///< something may have become deliverable
  virtual void nmi() = 0;
  virtual void init() = 0;
  virtual void startup(u8 vector) = 0;
};

class Lapic : public ApicAgent {
 public:
  static constexpr u64 never = ~u64{0};

  Lapic(u8 id, ApicBus& bus, LapicHost& host);

  u8 apic_id() const override { return static_cast<u8>(reg(id_register) >> 24); }
  bool matches_logical(u8 mda) const override;
  void deliver(const ApicMessage& message) override;

  void reset(bool boot_processor);
  u32 read(u32 offset);  ///< offset in the page, multiple of 4; other alignments read as zero
  void write(u32 offset, u32 value);
  u8 tpr() const { return static_cast<u8>(reg(tpr_register)); }
  void set_tpr(u8 value);

  bool pending() const { return pending_vector() >= 0 || extint_pending(); }
  /// Takes the most urgent interrupt. Call only when pending().
  u8 acknowledge();
  /// Absolute time of the next timer interrupt, or `never`.
  u64 deadline_ps() const;
  /// Raises the timer interrupt when its time has come.
  void service(u64 now_ps);
  bool known(u32 offset) const;  ///< a register of this model

 private:
  enum : u32 {
    id_register = 0x20,
    version_register = 0x30,
    tpr_register = 0x80,
    apr_register = 0x90,
    ppr_register = 0xa0,
    eoi_register = 0xb0,
    ldr_register = 0xd0,
    dfr_register = 0xe0,
    svr_register = 0xf0,
    isr_register = 0x100,
    tmr_register = 0x180,
    irr_register = 0x200,
    esr_register = 0x280,
    icr_low = 0x300,
    icr_high = 0x310,
    lvt_timer = 0x320,
    lvt_thermal = 0x330,
    lvt_performance = 0x340,
    lvt_lint0 = 0x350,
    lvt_lint1 = 0x360,
    lvt_error = 0x370,
    initial_count = 0x380,
    current_count = 0x390,
    divide_register = 0x3e0
  };
  static constexpr u32 lvt_masked = 1u << 16;
  static constexpr u32 lvt_periodic = 1u << 17;
  static constexpr u32 svr_enabled = 1u << 8;

  u32& reg(u32 offset) { return registers_[offset >> 4]; }
  u32 reg(u32 offset) const { return registers_[offset >> 4]; }
  bool enabled() const { return reg(svr_register) & svr_enabled; }
  bool bit(u32 bank, u8 vector) const { return reg(bank + (vector >> 5) * 0x10u) >> (vector & 31) & 1; }
  void put_bit(u32 bank, u8 vector, bool value);
  int highest(u32 bank) const;
  u8 ppr() const;
  int pending_vector() const;
  bool extint_pending() const;
  void accept(u8 vector, bool level);
  void raise_error(u32 bit);
  void end_of_interrupt();
  void send_icr();
  void write_lvt(u32 offset, u32 value);
  void start_timer(u32 count);
  u32 remaining(u64 now_ps) const;
  u64 tick_ps() const;

  std::array<u32, 64> registers_{};
  ApicBus& bus_;
  LapicHost& host_;
  u32 errors_ = 0;       ///< collected since the last write to ESR
  int requested_ = 0;    ///< bits set in IRR
  bool extint_ = false;  ///< level of the 8259's wire
  u64 timer_expiry_ = never;
};

}  // namespace xs::x86
