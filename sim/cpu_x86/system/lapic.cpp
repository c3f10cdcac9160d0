#include "sim/cpu_x86/system/lapic.h"

#include <algorithm>
#include <bit>

namespace xs::x86 {

namespace {

constexpr u64 bus_clock_ps = 1000;   // 1 GHz
constexpr u32 version = 0x00050014;  // integrated APIC, six LVT entries
constexpr u32 error_illegal_vector_received = 1u << 6;
constexpr u32 error_illegal_register = 1u << 7;
constexpr u32 error_illegal_vector_sent = 1u << 5;

}  // namespace

Lapic::Lapic(u8 id, ApicBus& bus, LapicHost& host) : bus_(bus), host_(host) {
  reg(id_register) = u32{id} << 24;
  reset(id == 0);
  bus.attach(*this);
}

// SDM 10.4.7.1. The boot processor's LINT0 passes the 8259's interrupts, as firmware leaves it (QEMU too).
void Lapic::reset(bool boot_processor) {
  const u32 id = reg(id_register);
  registers_.fill(0);
  reg(id_register) = id;
  reg(version_register) = version;
  reg(dfr_register) = 0xffffffff;
  reg(svr_register) = 0xff;
  for (u32 lvt = lvt_timer; lvt <= lvt_error; lvt += 0x10) reg(lvt) = lvt_masked;
  if (boot_processor) reg(lvt_lint0) = 0x700;
  errors_ = 0;
  requested_ = 0;
  timer_expiry_ = never;
}

bool Lapic::matches_logical(u8 mda) const {
  if (mda == 0xff) return true;
  const u8 logical = static_cast<u8>(reg(ldr_register) >> 24);
  if (reg(dfr_register) >> 28 == 0xf) return logical & mda;      // flat
  return (logical >> 4) == (mda >> 4) && (logical & mda & 0xf);  // cluster
}

void Lapic::deliver(const ApicMessage& m) {
  using Delivery = ApicMessage::Delivery;
  switch (m.delivery) {
    case Delivery::fixed:
    case Delivery::lowest:
      accept(m.vector, m.level);
      break;
    case Delivery::nmi:
      host_.nmi();
      break;
    case Delivery::init:
      if (m.assert) host_.init();  // the de-assert message only synchronises arbitration (10.6.1)
      break;
    case Delivery::startup:
      host_.startup(m.vector);
      break;
    case Delivery::extint:
      extint_ = m.assert;
      host_.interrupt_changed();
      break;
    case Delivery::smi:
      break;  // no system management mode
  }
}

void Lapic::accept(u8 vector, bool level) {
  if (!enabled()) return;
  if (vector < 16) return raise_error(error_illegal_vector_received);
  put_bit(irr_register, vector, true);
  put_bit(tmr_register, vector, level);
  host_.interrupt_changed();
}

void Lapic::raise_error(u32 error) {
  errors_ |= error;
  const u32 lvt = reg(lvt_error);
  const u8 vector = static_cast<u8>(lvt);
  if (!(lvt & lvt_masked) && vector >= 16) accept(vector, false);
}

void Lapic::put_bit(u32 bank, u8 vector, bool value) {
  u32& word = reg(bank + (vector >> 5) * 0x10u);
  const u32 mask = 1u << (vector & 31);
  if (bank == irr_register && value != ((word & mask) != 0)) requested_ += value ? 1 : -1;
  word = value ? word | mask : word & ~mask;
}

int Lapic::highest(u32 bank) const {
  for (int i = 7; i >= 0; --i)
    if (const u32 word = reg(bank + static_cast<u32>(i) * 0x10)) return 32 * i + 31 - std::countl_zero(word);
  return -1;
}

u8 Lapic::ppr() const {
  const int in_service = highest(isr_register);
  const u8 active = in_service < 0 ? u8{0} : static_cast<u8>(in_service & 0xf0);
  return (tpr() >> 4) >= (active >> 4) ? tpr() : active;
}

int Lapic::pending_vector() const {
  if (requested_ == 0) return -1;
  const int vector = highest(irr_register);
  return enabled() && vector >> 4 > ppr() >> 4 ? vector : -1;
}

bool Lapic::extint_pending() const {
  const u32 lint0 = reg(lvt_lint0);
  return extint_ && !(lint0 & lvt_masked) && (lint0 >> 8 & 7) == 7;
}

u8 Lapic::acknowledge() {
  const int vector = pending_vector();
  if (vector < 0)
    return bus_.acknowledge_extint ? bus_.acknowledge_extint() : static_cast<u8>(reg(svr_register));
  put_bit(irr_register, static_cast<u8>(vector), false);
  put_bit(isr_register, static_cast<u8>(vector), true);
  return static_cast<u8>(vector);
}

void Lapic::end_of_interrupt() {
  const int in_service = highest(isr_register);
  if (in_service < 0) return;
  const u8 vector = static_cast<u8>(in_service);
  put_bit(isr_register, vector, false);
  if (bit(tmr_register, vector)) bus_.broadcast_eoi(vector);
  host_.interrupt_changed();
}

void Lapic::set_tpr(u8 value) {
  reg(tpr_register) = value;
  host_.interrupt_changed();
}

bool Lapic::known(u32 offset) const {
  if (offset & 0xf) return false;
  if (offset >= isr_register && offset < esr_register + 0x10) return true;
  if (offset >= icr_low && offset <= current_count) return true;
  return offset == id_register || offset == version_register || offset == divide_register ||
         (offset >= tpr_register && offset <= svr_register && offset != 0xc0);
}

u32 Lapic::read(u32 offset) {
  if (!known(offset)) {
    raise_error(error_illegal_register);
    return 0;
  }
  switch (offset) {
    case ppr_register:
      return ppr();
    case current_count:
      return remaining(host_.now_ps());
    default:
      return reg(offset);
  }
}

void Lapic::write(u32 offset, u32 value) {
  if (offset >= lvt_timer && offset <= lvt_error && !(offset & 0xf)) return write_lvt(offset, value);
  switch (offset) {
    case id_register:
      reg(id_register) = value & 0xff000000;
      break;
    case tpr_register:
      set_tpr(static_cast<u8>(value));
      break;
    case eoi_register:
      end_of_interrupt();
      break;
    case ldr_register:
      reg(ldr_register) = value & 0xff000000;
      break;
    case dfr_register:
      reg(dfr_register) = value | 0x0fffffff;
      break;
    case svr_register:
      reg(svr_register) = value & 0x1ff;
      if (!enabled())
        for (u32 lvt = lvt_timer; lvt <= lvt_error; lvt += 0x10) reg(lvt) |= lvt_masked;
      host_.interrupt_changed();
      break;
    case esr_register:
      reg(esr_register) = errors_;
      errors_ = 0;
      break;
    case icr_low:
      reg(icr_low) = value & ~(1u << 12);  // delivery is immediate: never "send pending"
      send_icr();
      break;
    case icr_high:
      reg(icr_high) = value & 0xff000000;
      break;
    case initial_count:
      start_timer(value);
      break;
    case divide_register: {
      const u32 left = remaining(host_.now_ps());
      reg(divide_register) = value & 0xb;
      if (timer_expiry_ != never) timer_expiry_ = host_.now_ps() + left * tick_ps();
      host_.interrupt_changed();
      break;
    }
    default:
      raise_error(error_illegal_register);
      break;
  }
}

// SDM 10.5.1: a software-disabled APIC forces the mask bits.
void Lapic::write_lvt(u32 offset, u32 value) {
  static constexpr u32 writable[] = {0x300ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff};
  reg(offset) = value & writable[(offset - lvt_timer) >> 4];
  if (!enabled() && offset != lvt_lint0) reg(offset) |= lvt_masked;
  host_.interrupt_changed();
}

void Lapic::send_icr() {
  const u32 low = reg(icr_low);
  ApicMessage m;
  m.destination = static_cast<u8>(reg(icr_high) >> 24);
  m.vector = static_cast<u8>(low);
  m.delivery = static_cast<ApicMessage::Delivery>(low >> 8 & 7);
  m.logical = low >> 11 & 1;
  m.assert = low >> 14 & 1;
  m.level = low >> 15 & 1;
  m.shorthand = low >> 18 & 3;
  m.source = apic_id();
  const bool fixed =
      m.delivery == ApicMessage::Delivery::fixed || m.delivery == ApicMessage::Delivery::lowest;
  if (fixed && m.vector < 16) return raise_error(error_illegal_vector_sent);
  if (fixed) m.level = false;  // fixed IPIs are edge-triggered (table 10-3)
  bus_.send(m);
}

u64 Lapic::tick_ps() const {
  const u32 code = (reg(divide_register) & 3) | (reg(divide_register) >> 1 & 4);
  return bus_clock_ps << ((code + 1) & 7);  // figure 10-10: 000 = 2 ... 110 = 128, 111 = 1
}

void Lapic::start_timer(u32 count) {
  reg(initial_count) = count;
  timer_expiry_ = count ? host_.now_ps() + count * tick_ps() : never;
  host_.interrupt_changed();
}

u32 Lapic::remaining(u64 now_ps) const {
  if (timer_expiry_ == never || now_ps >= timer_expiry_) return 0;
  const u64 tick = tick_ps();
  return static_cast<u32>((timer_expiry_ - now_ps + tick - 1) / tick);
}

u64 Lapic::deadline_ps() const {
  const bool interrupts = !(reg(lvt_timer) & lvt_masked) && enabled();
  return interrupts ? timer_expiry_ : never;
}

void Lapic::service(u64 now_ps) {
  if (now_ps < timer_expiry_) return;
  const u32 lvt = reg(lvt_timer);
  if (lvt & lvt_periodic) {
    const u64 period = reg(initial_count) * tick_ps();
    timer_expiry_ += ((now_ps - timer_expiry_) / period + 1) * period;
  } else {
    timer_expiry_ = never;
  }
  if (!(lvt & lvt_masked)) accept(static_cast<u8>(lvt), false);
}

}  // namespace xs::x86
