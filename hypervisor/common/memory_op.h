// Parts of hypercall memory_op. `arg` is the guest's pointer to the sub-operation's structure.
#pragma once
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/types.h"

namespace hv {

long memory_map_get(Vaddr arg);  ///< XENMEM_memory_map: what a toolstack has set
long memory_map_set(Vaddr arg);  ///< XENMEM_set_memory_map
long memory_map_machine(
    Vaddr arg);  ///< XENMEM_machine_memory_map: the machine's RAM, privileged domains only
/// XENMEM_reserved_device_memory_map: where a translated domain's GFNs are machine frame numbers.
long memory_map_reserved(Vaddr arg);
long physmap_add(Vaddr arg);                        ///< XENMEM_add_to_physmap
long physmap_add_batch(const HypercallArgs& args);  ///< XENMEM_add_to_physmap_batch
long physmap_remove(Vaddr arg);                     ///< XENMEM_remove_from_physmap
long memory_exchange(const HypercallArgs& args);    ///< XENMEM_exchange: frames for other, contiguous ones
/// The rest; -XEN_ENOSYS when nobody knows it.
long arch_memory_op(unsigned command, Vaddr arg);

}  // namespace hv
