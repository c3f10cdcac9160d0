// Registers whose access has rules: application and control registers (SDM vol. 1 3.1.8, vol. 2 3.3).
#include "sim/cpu_ia64/system/processor.h"

namespace xs::ia64 {

namespace {

constexpr u64 rsc_fields = 0x1f | u64{0x3fff} << 16;  // mode, pl, be; loadrs

bool is_ignored(unsigned n) { return (n >= 48 && n <= 63) || n >= 112; }

}  // namespace

u64 Processor::itc() const { return cycles() + itc_offset_; }

/// The match happens when ITC passes ITM; a value that lies behind is a whole turn away.
void Processor::set_timer() {
  const u64 now = itc();
  timer_cycle_ = r.itm > now ? cycles() + (r.itm - now) : ~u64{0};
}

void Processor::timer_expired() {
  timer_cycle_ = ~u64{0};
  sapic.timer();
  interrupt_requested();
}

bool Processor::read_application(unsigned n, u64& value) {
  const bool rse_active = (r.rsc & 3) != 0;
  if (n <= ar::kr7) return value = r.kr[n], true;
  if (is_ignored(n)) return value = 0, true;
  switch (n) {
    case ar::rsc:
      value = r.rsc;
      return true;
    case ar::bsp:
      value = stack.bsp();
      return true;
    case ar::bspstore:
    case ar::rnat:
      if (rse_active) return general_exception(isr::illegal_operation);
      value = n == ar::rnat ? stack.rnat() : stack.bspstore();
      return true;
    case ar::cflg:
      value = r.cflg;
      return true;
    case ar::fpsr:
      value = r.fpsr;
      return true;
    case ar::itc:
      if ((r.psr & psr::si) != 0 && r.cpl() != 0) return general_exception(isr::privileged_register);
      value = itc();
      return true;
    default: {
      const PlainRegister* plain = find_plain(application_registers, n);
      if (!plain) return general_exception(isr::illegal_operation);
      value = r.*plain->place;
      return true;
    }
  }
}

bool Processor::write_application(unsigned n, u64 value) {
  const bool rse_active = (r.rsc & 3) != 0;
  if (is_ignored(n)) return true;
  if ((n <= ar::kr7 || n == ar::itc || n == ar::cflg) && r.cpl() != 0)
    return general_exception(isr::privileged_register);
  if (n <= ar::kr7) return r.kr[n] = value, true;
  switch (n) {
    case ar::rsc: {
      if ((value & ~rsc_fields) != 0) return reserved_register();
      const u64 level = value >> 2 & 3;
      r.rsc = (value & ~u64{0xc}) | (level < r.cpl() ? r.cpl() : level) << 2;
      rse_mode = mode_of(true);
      return true;
    }
    case ar::bspstore:
    case ar::rnat:
      if (rse_active) return general_exception(isr::illegal_operation);
      if (n == ar::rnat)
        stack.set_rnat(value & ~(u64{1} << 63));
      else
        stack.set_bspstore(value);
      return true;
    case ar::cflg:
      r.cflg = value;
      return true;
    case ar::fpsr:
      if (fp::is_reserved(value)) return reserved_register();
      r.fpsr = value;
      return true;
    case ar::itc:
      itc_offset_ = value - cycles();
      set_timer();
      return true;
    default: {
      const PlainRegister* plain = find_plain(application_registers, n);
      if (!plain) return general_exception(isr::illegal_operation);
      if ((value & plain->reserved) != 0) return reserved_register();
      r.*plain->place = value & ~plain->ignored;
      return true;
    }
  }
}

/// Registers that describe an interruption are there only while collection is off.
bool Processor::read_control(unsigned n, u64& value) {
  if (const PlainRegister* it = find_plain(interruption_registers, n)) {
    if ((r.psr & psr::ic) != 0) return general_exception(isr::illegal_operation);
    value = r.*it->place;
    return true;
  }
  switch (n) {
    case cr::dcr:
      value = r.dcr;
      return true;
    case cr::itm:
      value = r.itm;
      return true;
    case cr::iva:
      value = r.iva;
      return true;
    case cr::pta:
      value = mmu.table();
      return true;
    case cr::lid:
      value = sapic.lid();
      return true;
    case cr::ivr:
      value = sapic.acknowledge();
      review();
      return true;
    case cr::tpr:
      value = sapic.tpr();
      return true;
    case cr::eoi:
      value = 0;
      return true;
    case cr::itv:
    case cr::pmv:
    case cr::cmcv:
      value = sapic.vector_register(n - cr::itv);
      return true;
    case cr::lrr0:
    case cr::lrr1:
      value = sapic.lrr(n - cr::lrr0);
      return true;
    default:
      break;
  }
  if (n < cr::irr0 || n > cr::irr3) return general_exception(isr::illegal_operation);
  value = sapic.irr(n - cr::irr0);
  return true;
}

bool Processor::write_control(unsigned n, u64 value) {
  if (const PlainRegister* it = find_plain(interruption_registers, n)) {
    if ((r.psr & psr::ic) != 0) return general_exception(isr::illegal_operation);
    if ((value & it->reserved) != 0) return reserved_register();
    r.*it->place = value & ~it->ignored;
    return true;
  }
  const auto sapic_write = [&](bool accepted) {
    if (!accepted) return reserved_register();
    review();
    return true;
  };
  switch (n) {
    case cr::dcr:
      if ((value & ~dcr::implemented) != 0) return reserved_register();
      r.dcr = value;
      handlers_psr = ((value & dcr::be) != 0 ? psr::be : 0) | ((value & dcr::pp) != 0 ? psr::pp : 0);
      return true;
    case cr::itm:
      r.itm = value;
      set_timer();
      return true;
    case cr::iva:
      r.iva = value & ~u64{0x7fff};
      return true;
    case cr::pta:
      if ((value & mmu::ia64::PageTableAddress::reserved) != 0) return reserved_register();
      mmu.set_table(value);
      return true;
    case cr::lid:
      return sapic_write(sapic.write_lid(value));
    case cr::tpr:
      return sapic_write(sapic.write_tpr(value));
    case cr::eoi: {
      const unsigned vector = sapic.end();
      if (vector < Sapic::none) sapics.broadcast_eoi(static_cast<u8>(vector));
      return sapic_write(true);
    }
    case cr::itv:
    case cr::pmv:
    case cr::cmcv:
      return sapic_write(sapic.write_vector_register(n - cr::itv, value));
    case cr::lrr0:
    case cr::lrr1:
      return sapic_write(sapic.write_lrr(n - cr::lrr0, value));
    default:
      return general_exception(isr::illegal_operation);  // IVR, IRR and reserved ones
  }
}

}  // namespace xs::ia64
