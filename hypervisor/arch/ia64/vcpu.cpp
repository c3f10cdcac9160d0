// A VCPU's complete state: made, set, read, let go of.
#include "hypervisor/common/vcpu.h"
#include "hypervisor/common/planted.h"

#include "hypervisor/arch/ia64/cpu.h"
#include "hypervisor/arch/ia64/flush.h"
#include "hypervisor/arch/ia64/guest_state.h"
#include "hypervisor/arch/ia64/keys.h"
#include "hypervisor/arch/ia64/layout.h"
#include "hypervisor/arch/ia64/virtual_sapic.h"
#include "hypervisor/arch/ia64/vtlb.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/print.h"

namespace hv {
namespace {

constexpr u32 kRidBlocks = 62;  ///< of 2^18 RIDs; block 0 is the hypervisor's
Spinlock rid_lock;
u64 rid_blocks_used = 1;

/// Frames that its domain may map like shared_info.
int make_privileged(Vcpu* vcpu) {
  const Mfn mfn = alloc_frame();
  if (mfn == kInvalidMfn) return -XEN_ENOMEM;
  vcpu->arch.privileged = static_cast<xen_ia64_privregs*>(frame_to_virt(mfn));
  vcpu->arch.privileged_mfn = mfn;
  share_frame_with_domain(mfn, vcpu->domain);
  return 0;
}

// Fields that a CPU refuses elsewhere (SDM vol. 2 table 3-1, vol. 1 5.1.2).
constexpr u64 kPfsImplemented = kFrameMask | 63ull << 52 | 3ull << 62;
bool fpsr_ok(u64 fpsr) {
  for (unsigned field = 6; field < 58; field += 13)
    if ((fpsr >> (field + 2) & 3) == 1) return false;  // precision control
  return fpsr >> 58 == 0 && !(fpsr >> 12 & 1);
}

void set_stacked(ArchVcpu& arch, const vcpu_guest_context& c) {
  arch.regs.bspstore = c.bspstore & ~7ull;
  arch.regs.bsp = arch.regs.bspstore + c.stacked_bytes;
  arch.regs.rnat = c.rnat;
  arch.regs.rbs_rnat = c.stacked_rnat;
  const u64 first = arch.regs.bspstore >> 3 & 63;
  memcpy(&arch.stacked[first], c.stacked, c.stacked_bytes);
}

void set_registers(Vcpu* vcpu, const vcpu_guest_context& c) {
  ArchVcpu& arch = vcpu->arch;
  Registers& regs = arch.regs;
  regs.nats = 0;
  for (unsigned n = 1; n < 32; ++n) {
    regs.r[n] = c.r[n];
    if (c.nats >> n & 1) regs.nats |= 1ull << (reinterpret_cast<u64>(&regs.r[n]) >> 3 & 63);
  }
  for (unsigned n = 0; n < 8; ++n) regs.b[n] = c.b[n];
  regs.ip = c.ip & ~0xfull;
  regs.ifs = sanitized_frame(c.ifs);
  regs.rsc = (c.rsc & 0x1f) | (c.rsc & 0xc ? 0 : 4);
  regs.pfs = c.pfs & kPfsImplemented, regs.unat = c.unat, regs.ccv = c.ccv, regs.lc = c.lc,
  regs.ec = c.ec & 63;
  regs.fpsr = fpsr_ok(c.fpsr) ? c.fpsr : HV_FPSR;
  regs.csd = c.csd, regs.ssd = c.ssd, regs.pr = c.pr;
  for (unsigned n = 0; n < 6; ++n)
    for (unsigned half = 0; half < 2; ++half) regs.f[n][half] = c.f[6 + n][half];
  memcpy(arch.f, c.f, sizeof arch.f);
  for (unsigned n = 0; n < 8; ++n) {
    arch.kr[n] = arch.privileged->kr[n] = c.kr[n];
    arch.rr[n] = arch.privileged->rr[n] = c.rr[n] & (0xfd | kGuestRidMask << 8);
  }
}

template <typename Register>
bool translations_ok(const Register (&registers)[kGuestTrs]) {
  for (const Register& t : registers)
    if (t.itir != 0 && !translation_register_ok(t.pte, t.itir, t.va)) return false;
  return true;
}

template <typename Register>
void set_translations(GuestTranslation (&to)[kGuestTrs], const Register (&registers)[kGuestTrs]) {
  for (unsigned n = 0; n < kGuestTrs; ++n) {
    const Register& t = registers[n];
    const u64 page = (1ull << itir_shift(t.itir)) - 1;
    to[n] = {t.pte, t.itir, t.va & ~page, t.rid & kGuestRidMask, t.itir != 0};
  }
}

/// What a VCPU that goes on had beside its registers.
void set_privileged(Vcpu* vcpu, const vcpu_guest_context& c) {
  ArchVcpu& arch = vcpu->arch;
  set_translations(arch.itr, c.itr);
  set_translations(arch.dtr, c.dtr);
  *arch.privileged = c.privileged;
  arch.privileged->banknum = (c.psr & kPsrBn) != 0;
  arch.xsi = c.xsi;
  arch.dtc.valid = arch.itc.valid = false;
  vhpt_flush(vcpu);
}

bool privileged_ok(const vcpu_guest_context& c) {
  return !(c.flags & VGCF_privileged) || (translations_ok(c.itr) && translations_ok(c.dtr) && xsi_ok(c.xsi));
}

}  // namespace

int arch_domain_create(Domain* domain) {
  LockGuard guard(rid_lock);
  for (u32 block = 1; block < kRidBlocks; ++block) {
    if (rid_blocks_used >> block & 1 && !planted(Bug::rids_shared)) continue;
    rid_blocks_used |= 1ull << block;
    domain->arch.rid_block = block;
    return 0;
  }
  return -XEN_ENOMEM;
}

// Its RIDs become another one's: no CPU may still know them.
void arch_domain_destroy(Domain* domain) {
  flush_domain(domain);
  LockGuard guard(rid_lock);
  rid_blocks_used &= ~(1ull << domain->arch.rid_block) | 1;
}

int arch_vcpu_create(Vcpu* vcpu) {
  if (is_idle(vcpu)) return 0;
  int rc = make_privileged(vcpu);
  if (rc == 0) rc = vtlb_create(vcpu);
  if (rc != 0) {
    arch_vcpu_destroy(vcpu);
    return rc;
  }
  virtual_sapic_init(vcpu);
  return 0;
}

void arch_vcpu_destroy(Vcpu* vcpu) {
  vtlb_destroy(vcpu);
  if (vcpu->arch.privileged_mfn == kInvalidMfn) return;
  timer_cancel(vcpu->arch.interval);
  unshare_frame(vcpu->arch.privileged_mfn);
  vcpu->arch.privileged_mfn = kInvalidMfn;
}

/// It does not run any more; what still asks for its state finds an empty page.
bool arch_vcpu_release_frames(Vcpu* vcpu) {
  static xen_ia64_privregs nobodys;
  if (vcpu->arch.privileged == &nobodys) return false;
  timer_cancel(vcpu->arch.interval);
  unshare_frame(vcpu->arch.privileged_mfn);
  vcpu->arch.privileged = &nobodys;
  vcpu->arch.privileged_mfn = kInvalidMfn;
  return true;
}

int arch_set_vcpu_context(Vcpu* vcpu, const vcpu_guest_context& c) {
  const u64 bspstore = c.bspstore & ~7ull;
  if (c.stacked_bytes > skip_registers(bspstore, kStackedRegisters) - bspstore || c.stacked_bytes % 8 != 0 ||
      in_hole(bspstore) || !privileged_ok(c))
    return -XEN_EINVAL;
  ArchVcpu& arch = vcpu->arch;
  arch.privileged->banknum = 1;
  if (c.flags & VGCF_privileged) set_privileged(vcpu, c);
  set_registers(vcpu, c);
  set_stacked(arch, c);
  arch.vpsr = c.psr & (kPsrDt | kPsrRt | kPsrIt | kPsrDfh);
  arch.privileged->metaphysical_mode = (c.psr & kPsrDt) == 0;
  arch.privileged->psr_ic = (c.psr & kPsrIc) != 0;
  arch.event_callback = c.event_callback;
  set_guest_keys(vcpu, c.pkr);
  if (c.psr & kPsrPk) arch.keys_used = true;
  arch.regs.psr = sanitized_psr(vcpu, c.psr & ~kPsrCpl);
  vcpu->info->evtchn_upcall_mask = 1;
  vcpu->initialised = true;
  if (c.flags & VGCF_online) vcpu_up(vcpu);
  return 0;
}

void arch_get_vcpu_context(Vcpu* vcpu, vcpu_guest_context& c) {
  const ArchVcpu& arch = vcpu->arch;
  const Registers& regs = arch.regs;
  memset(&c, 0, sizeof c);
  c.flags = VGCF_privileged | (vcpu->pause_flags & kVcpuDown ? 0 : VGCF_online);
  for (unsigned n = 1; n < 32; ++n) {
    c.r[n] = regs.r[n];
    if (regs.nats >> (reinterpret_cast<u64>(&regs.r[n]) >> 3 & 63) & 1) c.nats |= 1ull << n;
  }
  for (unsigned n = 0; n < 8; ++n) c.b[n] = regs.b[n], c.kr[n] = arch.kr[n], c.rr[n] = arch.rr[n];
  c.ip = regs.ip, c.psr = guest_psr(vcpu), c.ifs = regs.ifs, c.pr = regs.pr;
  c.rsc = regs.rsc, c.pfs = regs.pfs, c.unat = regs.unat, c.fpsr = regs.fpsr, c.ccv = regs.ccv,
  c.lc = regs.lc;
  c.ec = regs.ec, c.csd = regs.csd, c.ssd = regs.ssd;
  c.bspstore = regs.bspstore, c.rnat = regs.rnat, c.stacked_rnat = regs.rbs_rnat;
  c.stacked_bytes = regs.bsp - regs.bspstore;
  memcpy(c.stacked, &arch.stacked[regs.bspstore >> 3 & 63], min_of<u64>(c.stacked_bytes, sizeof c.stacked));
  memcpy(c.f, arch.f, sizeof c.f);
  for (unsigned n = 0; n < 6; ++n)
    for (unsigned half = 0; half < 2; ++half) c.f[6 + n][half] = regs.f[n][half];
  for (unsigned n = 0; n < kGuestTrs; ++n) {
    if (const GuestTranslation& t = arch.itr[n]; t.valid) c.itr[n] = {t.pte, t.itir, t.va, t.rid};
    if (const GuestTranslation& t = arch.dtr[n]; t.valid) c.dtr[n] = {t.pte, t.itir, t.va, t.rid};
  }
  c.event_callback = arch.event_callback;
  memcpy(c.pkr, arch.pkr, sizeof c.pkr);
  c.xsi = arch.xsi;
  c.privileged = *arch.privileged;
}

void arch_dump_registers(const Vcpu* vcpu) {
  const Registers& r = vcpu->arch.regs;
  if (vcpu->arch.in_hypercall) print("  in a hypercall: of r1 to r31 only r1, r2, r12 and r13 are known\n");
  print("  ip %016lx psr %016lx ifs %016lx %s\n", r.ip, r.psr, r.ifs,
        in_guest_kernel(vcpu) ? "kernel" : "user");
  print("  b0 %016lx sp %016lx bsp %016lx pr %016lx\n", r.b[0], r.r[12], r.bsp, r.pr);
  for (unsigned n = 1; n < 32; n += 4)
    print("  r%-2u %016lx %016lx %016lx %016lx\n", n, r.r[n], n + 1 < 32 ? r.r[n + 1] : 0,
          n + 2 < 32 ? r.r[n + 2] : 0, n + 3 < 32 ? r.r[n + 3] : 0);
  const EmulationCounts& c = vcpu->arch.counts;
  print("  privileged %lu hyperprivops %lu reflected %lu fills %lu\n", c.privileged, c.hyperprivops,
        c.reflected, c.fills);
}

}  // namespace hv
