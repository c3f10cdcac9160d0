// memory_op sub-operations of x86-64: where the machine-to-physical table is.
#include "arch_frame_window.h"
#include "hypervisor/arch/x86_64/mm_device_memory.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/frame_table.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/memory_op.h"
#include "hypervisor/common/percpu.h"

namespace hv {

namespace {
long machphys_mapping(Vaddr arg) {
  const xen_machphys_mapping mapping = {MACH2PHYS_VIRT_START, MACH2PHYS_VIRT_END, max_ram_mfn()};
  return copy_to_guest(arg, mapping) ? 0 : -XEN_EFAULT;
}

// Frames of the table in units of 2 MiB, for a toolstack that maps it; 0 stands for a gap.
long machphys_mfn_list(Vaddr arg) {
  xen_machphys_mfn_list list;
  if (!copy_from_guest(list, arg)) return -XEN_EFAULT;
  if (!current()->domain->privileged) return -XEN_EPERM;
  const u64 chunks = max_ram_mfn() / kM2pChunkEntries + 1;
  list.nr_extents = static_cast<unsigned>(min_of<u64>(list.max_extents, chunks));
  for (u64 i = 0; i < list.nr_extents; i++)
    if (!copy_to_guest_index(handle_address(list.extent_start), i, m2p_chunk_frame(i))) return -XEN_EFAULT;
  return copy_to_guest(arg, list) ? 0 : -XEN_EFAULT;
}
}  // namespace

long arch_memory_op(unsigned command, Vaddr arg) {
  if (current()->domain->mm.model->plain_tables) return -XEN_ENOSYS;  // what it cannot see has no address
  switch (command) {
    case XENMEM_machphys_mapping:
      return machphys_mapping(arg);
    case XENMEM_machphys_mfn_list:
      return machphys_mfn_list(arg);
    default:
      return -XEN_ENOSYS;
  }
}

}  // namespace hv
