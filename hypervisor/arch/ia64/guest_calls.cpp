#include "hypervisor/arch/ia64/guest_calls.h"

#include "hypervisor/arch/ia64/cpu.h"
#include "hypervisor/arch/ia64/guest_state.h"
#include "hypervisor/arch/ia64/layout.h"
#include "hypervisor/arch/ia64/reflect.h"
#include "hypervisor/arch/ia64/switch.h"
#include "hypervisor/arch/ia64/vtlb.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/log_dirty.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/version.h"

namespace hv {
namespace {

constexpr unsigned kArguments = 5, kNumber = 2, kResult = 8;  // registers: number and result
static_assert(kHypercallCount == HYPERCALLS);                 // hypercall.S

/// False: it is to be done again, with what it has left among the arguments.
bool hypercall(Vcpu* vcpu, u64 number, const HypercallArgs& args, u64& result) {
  PerCpu& cpu = this_cpu();
  cpu.continuation_made = false;
  cpu.hypercall_started = 0;
  result = static_cast<u64>(hypercall_dispatch(number, args));
  if (cpu.continuation_made) return false;
  next_instruction(vcpu);
  return true;
}

/// leave_hypervisor() would find nothing to do.
bool goes_on(const PerCpu& cpu, const Vcpu* vcpu) {
  const u64(&irr)[4] = vcpu->arch.irr;
  const u64 due = irr[0] | irr[1] | irr[2] | irr[3] | vcpu->info->evtchn_upcall_pending;
  return !cpu.need_schedule && due == 0 && vcpu_runnable(vcpu);
}

long set_xsi(Vcpu* vcpu) {
  const Vaddr where = vcpu->arch.regs.r[28];
  if (!xsi_ok(where)) return -XEN_EINVAL;
  vcpu->arch.xsi = where;
  vtlb_purge_all(vcpu);
  return 0;
}

/// One piece within a page; false: there is no such memory of the guest's.
template <typename Copy>
bool for_each_piece(const Domain* domain, Vaddr address, u64 bytes, bool write, Copy copy) {
  if (!(address & XEN_IA64_INLINE)) return false;
  Paddr at = address & ~XEN_IA64_INLINE;
  while (bytes != 0) {
    const u64 piece = min_of(bytes, kPageSize - (at & (kPageSize - 1)));
    Backing backing;
    if (at >= 1ull << kPhysicalBits || !guest_backing(domain, at, backing) || backing.device) return false;
    if (write && !backing.writable) return false;
    copy(phys_to_virt(backing.machine), piece);
    at += piece;
    bytes -= piece;
  }
  return true;
}

}  // namespace

void guest_call(Vcpu* vcpu) {
  u64 number;
  if (!read_register(vcpu, kNumber, number)) return reflect_register_nat(vcpu);
  if (number < kHypercallCount) {
    HypercallArgs args = {};
    for (unsigned n = 0; n < kArguments; ++n) args.arg[n] = read_argument(vcpu, n);
    u64 result;
    if (hypercall(vcpu, number, args, result)) write_register(vcpu, kResult, result);
    return;
  }
  if (number == XEN_IA64_SET_XSI)
    write_register(vcpu, kResult, static_cast<u64>(set_xsi(vcpu)));
  else if (!domain_firmware_call(vcpu, number))
    write_register(vcpu, kResult, static_cast<u64>(-XEN_ENOSYS));
  next_instruction(vcpu);
}

/// From hypercall.S. True: the guest goes on at once.
extern "C" bool hypercall_from_guest(u64 a1, u64 a2, u64 a3, u64 a4, u64 a5, u64 number, Vcpu* vcpu) {
  ArchVcpu& arch = vcpu->arch;
  arch.in_hypercall = true;
  arch.regs.r[kNumber] = number;
  if (!hypercall(vcpu, number, {{a1, a2, a3, a4, a5}}, arch.regs.r[kResult]) || !goes_on(this_cpu(), vcpu))
    return false;
  arch.in_hypercall = false;
  return true;
}

/// From hypercall.S, when it does not: by now the Vcpu has what a hypercall preserves; the rest is cleared.
/// What is to be entered; may switch, and then does not return.
extern "C" Vcpu* hypercall_ends_later(Vcpu* vcpu) {
  Registers& regs = vcpu->arch.regs;
  regs.r[3] = regs.r[9] = regs.r[10] = regs.r[11] = 0;
  for (unsigned n = 14; n < 32; ++n) regs.r[n] = 0;
  regs.b[6] = regs.b[7] = regs.ccv = 0;
  for (auto& f : regs.f) f[0] = f[1] = 0;
  regs.iipa = regs.ip, regs.isr = 0;
  vcpu->arch.in_hypercall = false;
  return leave_hypervisor();
}

bool arch_copy_from_guest(void* to, Vaddr from, u64 bytes) {
  auto* next = static_cast<u8*>(to);
  return for_each_piece(current()->domain, from, bytes, false, [&](void* piece, u64 size) {
    memcpy(next, piece, size);
    next += size;
  });
}

static void write_piece(void* piece, const void* from, u64 size) {
  if (log_dirty_domains == 0) return memcpy(piece, from, size), void();
  const MmNestedGuard guard;
  memcpy(piece, from, size);
  log_dirty_mark_frame(virt_to_frame(piece));
}

static bool copy_to_domain(const Domain* domain, Vaddr to, const void* from, u64 bytes) {
  auto* next = static_cast<const u8*>(from);
  return for_each_piece(domain, to, bytes, true, [&](void* piece, u64 size) {
    write_piece(piece, next, size);
    next += size;
  });
}

bool arch_copy_to_guest(Vaddr to, const void* from, u64 bytes) {
  return copy_to_domain(current()->domain, to, from, bytes);
}

bool arch_copy_to_guest_kernel(Vcpu* vcpu, Vaddr to, const void* from, u64 bytes) {
  return copy_to_domain(vcpu->domain, to, from, bytes);
}

/// IP is still at the break, and r2 holds the number.
void arch_hypercall_continue(Vcpu* vcpu, const HypercallArgs& args) {
  for (unsigned n = 0; n < kArguments; ++n) write_register(vcpu, 32 + n, args.arg[n]);
}

const char* arch_capabilities() { return "xen-3.0-ia64 "; }
Vaddr arch_hypervisor_start() { return HYPERVISOR_VIRT_START; }
u64 arch_vm_assists() { return 0; }

}  // namespace hv
