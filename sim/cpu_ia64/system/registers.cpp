// Registers whose access has rules: application and control registers (SDM vol. 1 3.1.8, vol. 2 3.3).
#include "sim/cpu_ia64/system/processor.h"

namespace xs::ia64 {

namespace {

constexpr u64 rsc_fields = 0x1f | u64{0x3fff} << 16;  // mode, pl, be; loadrs
constexpr u64 pfs_fields = ((u64{1} << 38) - 1) | u64{0x3f} << 52 | u64{3} << 62;
constexpr u64 itir_fields = 0xfffffffc;
constexpr u64 ifs_fields = u64{1} << 63 | ((u64{1} << 38) - 1);
constexpr u64 isr_fields = 0xffffff | u64{0xfff} << 32;

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
  review();
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
    case ar::fcr:
      value = r.fcr;
      return true;
    case ar::eflag:
      value = r.eflag;
      return true;
    case ar::csd:
      value = r.csd;
      return true;
    case ar::ssd:
      value = r.ssd;
      return true;
    case ar::cflg:
      value = r.cflg;
      return true;
    case ar::fsr:
      value = r.fsr;
      return true;
    case ar::fir:
      value = r.fir;
      return true;
    case ar::fdr:
      value = r.fdr;
      return true;
    case ar::ccv:
      value = r.ccv;
      return true;
    case ar::unat:
      value = r.unat;
      return true;
    case ar::fpsr:
      value = r.fpsr;
      return true;
    case ar::itc:
      if ((r.psr & psr::si) != 0 && r.cpl() != 0) return general_exception(isr::privileged_register);
      value = itc();
      return true;
    case ar::pfs:
      value = r.pfs;
      return true;
    case ar::lc:
      value = r.lc;
      return true;
    case ar::ec:
      value = r.ec;
      return true;
    default:
      return general_exception(isr::illegal_operation);
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
    case ar::fcr:
      r.fcr = value;
      return true;
    case ar::eflag:
      r.eflag = value;
      return true;
    case ar::csd:
      r.csd = value;
      return true;
    case ar::ssd:
      r.ssd = value;
      return true;
    case ar::cflg:
      r.cflg = value;
      return true;
    case ar::fsr:
      r.fsr = value;
      return true;
    case ar::fir:
      r.fir = value;
      return true;
    case ar::fdr:
      r.fdr = value;
      return true;
    case ar::ccv:
      r.ccv = value;
      return true;
    case ar::unat:
      r.unat = value;
      return true;
    case ar::fpsr:
      if (fp::is_reserved(value)) return reserved_register();
      r.fpsr = value;
      return true;
    case ar::itc:
      itc_offset_ = value - cycles();
      set_timer();
      return true;
    case ar::pfs:
      if ((value & ~pfs_fields) != 0) return reserved_register();
      r.pfs = value;
      return true;
    case ar::lc:
      r.lc = value;
      return true;
    case ar::ec:
      r.ec = value & 0x3f;
      return true;
    default:
      return general_exception(isr::illegal_operation);
  }
}

/// Registers that describe an interruption are there only while collection is off.
bool Processor::read_control(unsigned n, u64& value) {
  if (n >= cr::ipsr && n <= cr::iha && (r.psr & psr::ic) != 0)
    return general_exception(isr::illegal_operation);
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
    case cr::ipsr:
      value = r.ipsr;
      return true;
    case cr::isr:
      value = r.isr;
      return true;
    case cr::iip:
      value = r.iip;
      return true;
    case cr::ifa:
      value = r.ifa;
      return true;
    case cr::itir:
      value = r.itir;
      return true;
    case cr::iipa:
      value = r.iipa;
      return true;
    case cr::ifs:
      value = r.ifs;
      return true;
    case cr::iim:
      value = r.iim;
      return true;
    case cr::iha:
      value = r.iha;
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
  if (n >= cr::ipsr && n <= cr::iha && (r.psr & psr::ic) != 0)
    return general_exception(isr::illegal_operation);
  const auto sapic_write = [&](bool accepted) {
    if (!accepted) return reserved_register();
    review();
    return true;
  };
  switch (n) {
    case cr::dcr:
      if ((value & ~dcr::implemented) != 0) return reserved_register();
      r.dcr = value;
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
    case cr::ipsr:
      if ((value & ~(psr::implemented | psr::is)) != 0) return reserved_register();
      r.ipsr = value;
      return true;
    case cr::isr:
      r.isr = value & isr_fields;
      return true;
    case cr::iip:
      r.iip = value;
      return true;
    case cr::ifa:
      r.ifa = value;
      return true;
    case cr::itir:
      if ((value & ~itir_fields) != 0) return reserved_register();
      r.itir = value;
      return true;
    case cr::iipa:
      r.iipa = value;
      return true;
    case cr::ifs:
      if ((value & ~ifs_fields) != 0) return reserved_register();
      r.ifs = value;
      return true;
    case cr::iim:
      r.iim = value;
      return true;
    case cr::iha:
      r.iha = value & ~u64{3};
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
