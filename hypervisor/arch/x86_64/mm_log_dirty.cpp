// Log-dirty on x86-64. Models whose tables are the guest's own memory have shadows anyway; a domain of model
// `direct` gets them for as long as it is on.
#include "hypervisor/arch/x86_64/mm_shadow.h"
#include "hypervisor/common/log_dirty.h"

namespace hv {

namespace {
int make_shadows(Domain* domain) {
  {
    MmGuard guard;
    domain->arch.shadowed = true;
    for (Vcpu* vcpu : domain->vcpu)
      if (vcpu != nullptr)
        if (const int rc = shadow_create(vcpu); rc != 0) return rc;
  }
  // A pool that is too small costs time only.
  const int rc = shadow_set_allocation(domain, shadow_default_frames(domain, domain->mm.total_pages));
  return rc == -XEN_ENOMEM ? shadow_set_allocation(domain, 0) : rc;
}
}  // namespace

int arch_log_dirty_begin(Domain* domain) {
  if (domain->mm.model->plain_tables) return 0;
  const int rc = make_shadows(domain);
  if (rc != 0) arch_log_dirty_end(domain);
  return rc;
}

// Nothing of the domain runs, so no CPU has a root of these loaded.
void arch_log_dirty_end(Domain* domain) {
  if (!domain->arch.shadowed) return;
  MmGuard guard;
  for (Vcpu* vcpu : domain->vcpu)
    if (vcpu != nullptr) shadow_destroy(vcpu);
  domain->arch.shadowed = false;
}

}  // namespace hv
