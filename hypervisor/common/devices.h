// Who has which device. A device is known by the page of its registers and by its interrupt. dom0 has them
// all but those that it has given away (XEN_DOMCTL_iomem_permission, _irq_permission); each is one domain's
// at a time, and dom0's again when that domain dies.
//
//   give, withdraw, death ──> change_owner(): hidden from the old owner ─ stopped ─ the observer told ─ the
//   new owner's
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;
struct DomctlHandler;

/// The domain may map the page of registers. No lock is needed to ask; whoever shows the page makes sure that
/// an owner's change meanwhile is noticed (mm_lock, or vtlb_fill's way).
bool device_page_is_of(const Domain* domain, Mfn mfn);
/// ... and, where its page tables hold GFNs, the GFN of that number shows it (XEN_DOMCTL_memory_mapping).
bool device_page_is_shown(const Domain* domain, Mfn mfn);
/// It has a page of registers, whose device may write to its memory. mm_lock is held.
bool domain_has_devices(const Domain* domain);
/// The domain may bind the physical interrupt.
bool pirq_is_of(const Domain* domain, unsigned pirq);

/// All that a dying domain has is dom0's, and does nothing any more. No VCPU of it runs; its ports are
/// closed.
void devices_domain_destroy(Domain* domain);

extern const DomctlHandler device_domctl_handlers[];  ///< ended by run == nullptr

/// Frames for a domain that knows no machine address and drives a device, on a machine without an IOMMU:
/// their GFN is their MFN, and `least` or more. mm_lock is held. 0 or -XEN_ENOMEM, -XEN_EINVAL.
int device_frames_give(Domain* domain, Gfn least);

/// The page is no RAM, and no interrupt controller or other thing that is the hypervisor's.
bool arch_device_page_may_be_given(Mfn mfn);
/// Its registers, in 32-bit words, uncached.
volatile u32* arch_device_registers(Mfn mfn);

}  // namespace hv
