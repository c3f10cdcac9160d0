// Parts of hypercall memory_op. `arg` is the guest's pointer to the sub-operation's structure.
#pragma once
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/types.h"

namespace hv {

long memory_map_get(Vaddr arg);  ///< XENMEM_memory_map: what a toolstack has set
long memory_map_set(Vaddr arg);  ///< XENMEM_set_memory_map
long memory_map_machine(
    Vaddr arg);  ///< XENMEM_machine_memory_map: the machine's RAM, privileged domains only
long memory_exchange(const HypercallArgs& args);  ///< XENMEM_exchange: frames for other, contiguous ones
/// The rest; -XEN_ENOSYS when nobody knows it.
long arch_memory_op(unsigned command, Vaddr arg);

}  // namespace hv
