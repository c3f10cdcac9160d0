// Log-dirty on x86-64. Models whose tables are the guest's own memory have shadows anyway; a domain of model
// `direct` gets them for as long as it is on.
#include "hypervisor/arch/x86_64/mm_shadow.h"
#include "hypervisor/common/log_dirty.h"

namespace hv {

int arch_log_dirty_prepare(Domain* domain) {
  if (domain->mm.model->plain_tables) return 0;
  for (Vcpu* vcpu : domain->vcpu)
    if (vcpu != nullptr)
      if (const int rc = shadow_prepare(vcpu); rc != 0) return rc;
  return 0;
}

// VCPUs that were made meanwhile have no shadows yet.
int arch_log_dirty_begin(Domain* domain) {
  if (domain->mm.model->plain_tables) return 0;
  MmGuard guard;
  domain->arch.shadowed = true;
  for (Vcpu* vcpu : domain->vcpu)
    if (vcpu != nullptr)
      if (const int rc = shadow_create(vcpu); rc != 0) return rc;
  return 0;
}

// No CPU has a root of these loaded.
void arch_log_dirty_end(Domain* domain) {
  if (domain->mm.model->plain_tables) return;
  MmGuard guard;
  for (Vcpu* vcpu : domain->vcpu)
    if (vcpu != nullptr) shadow_destroy(vcpu);
  domain->arch.shadowed = false;
}

}  // namespace hv
