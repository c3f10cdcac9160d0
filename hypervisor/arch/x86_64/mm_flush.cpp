#include "hypervisor/arch/x86_64/mm_flush.h"

#include "hypervisor/arch/x86_64/mm_shadow.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/percpu.h"

namespace hv {

void guest_flush_local(Vaddr va) {
  const u64 self = 1ull << this_cpu().id;
  if (!shadows_in_use(current()->domain)) return arch_flush_tlb(self, va);
  MmGuard guard;
  arch_flush_tlb(self, shadow_drop(current(), va));
}

void guest_flush_domain(Vaddr va) {
  Domain* domain = current()->domain;
  if (!shadows_in_use(domain)) return arch_flush_tlb(arch_domain_cpu_mask(domain), va);
  MmGuard guard;
  Vaddr what = va;
  for (Vcpu* vcpu : domain->vcpu)
    if (vcpu != nullptr && shadow_drop(vcpu, va) == kFlushAll) what = kFlushAll;
  arch_flush_tlb(arch_domain_cpu_mask(domain), what);
}

int guest_flush_vcpus(Vaddr bitmap, Vaddr va) {
  u8 bytes[(kMaxVcpus + 7) / 8];
  const Domain* domain = current()->domain;
  if (!copy_from_guest(bytes, bitmap, (domain->max_vcpus + 7) / 8)) return -XEN_EFAULT;
  bool others = false, any = false;
  for (unsigned i = 0; i < domain->max_vcpus; i++) {
    if (!(bytes[i / 8] >> (i % 8) & 1)) continue;
    any = true;
    if (domain->vcpu[i] != current()) others = true;
  }
  // A VCPU that has left its CPU may leave translations there: its last CPU alone would not be enough.
  if (others)
    guest_flush_domain(va);
  else if (any)
    guest_flush_local(va);
  return 0;
}

}  // namespace hv
