// What devices may reach, where the machine has an IOMMU (hypervisor/abi/iommu.h); else nothing here does
// anything.
//
//     slot --> context of the domain that has the device --> table: an entry for each frame of RAM
//
//   entry   READ WRITE | own, table, mappings by grants for reading, for writing
//
// An entry's rights follow from the rest of it. They are a domain's own frames, and others' that it has
// mapped by grants, as they are granted; no frame that CPUs take tables from is written, whosever it is.
// Other mappings of others' frames (a domain that is being built) are no device's affair. A right is
// withdrawn, with a flush, before what it followed from has ended. A table's pages are made with the context,
// so that nothing of this can fail. All is under mm_lock but the first four.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;

/// Boot, before there is a domain: looks for an IOMMU. All devices are domain 0's at first.
void iommu_init(Paddr rsdp);
/// The device in `slot`, which does nothing meanwhile, is the domain's from now on. -XEN_EINVAL: no such
/// slot, or the domain is dying; -XEN_ENOMEM. Without an IOMMU it is 0.
int iommu_assign(unsigned slot, Domain* domain);
/// The same of all devices whose registers are in that page: all, or -XEN_ENOMEM.
int iommu_assign_page(Mfn registers, Domain* domain);
/// The domain's devices reach nothing any more, until they are assigned anew.
void iommu_domain_ends(const Domain* domain);
/// An operator's request.
void iommu_dump();

extern unsigned iommu_context_count;
extern bool iommu_withdrawn;
inline bool iommu_in_use() { return iommu_context_count != 0; }

/// The frame is about to get this owner, who may be none: no right to it is left but the new owner's.
void iommu_owner_changes(Mfn mfn, u32 owner);
/// CPUs take page tables or descriptors from the frame from now on, or do not any more.
void iommu_table_changes(Mfn mfn, bool begins);
/// What `user` has mapped by a grant, or will have no more: whoever calls has to call iommu_flush() then,
/// before the granter learns of it.
void iommu_grant_changes(const Domain* user, Mfn mfn, bool writable, bool begins);
/// No device reaches any more what has been withdrawn.
void iommu_flush_now();
inline void iommu_flush() {
  if (iommu_withdrawn) iommu_flush_now();
}

/// The address of a page of device registers.
volatile u32* arch_map_device(Paddr address);

}  // namespace hv
