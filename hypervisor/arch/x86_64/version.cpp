#include "hypervisor/common/version.h"

#include "hypervisor/arch/x86_64/layout.h"

namespace hv {

const char* arch_capabilities() { return "xen-3.0-x86_64 "; }
Vaddr arch_hypervisor_start() { return kHvStart; }

u64 arch_vm_assists() {
  return 1ull << VMASST_TYPE_4gb_segments | 1ull << VMASST_TYPE_writable_pagetables |
         1ull << VMASST_TYPE_pae_extended_cr3 | 1ull << VMASST_TYPE_runstate_update_flag;
}

}  // namespace hv
