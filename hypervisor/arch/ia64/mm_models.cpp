// Memory models on IA-64. In both the guest inserts translations itself, by GFNs, and the hypervisor makes of
// them what the CPU uses (vtlb.h); there are no page tables to validate.
//
//   translated   GFN -> MFN by the common P2M
//   identity     GFN = MFN: ownership is all there is to check
#include "hypervisor/arch/ia64/domain_firmware.h"
#include "hypervisor/arch/ia64/flush.h"
#include "hypervisor/arch/ia64/vtlb.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/domctl.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/identity.h"
#include "hypervisor/common/log_dirty.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/memory_op.h"
#include "hypervisor/common/page_type.h"
#include "hypervisor/common/translated.h"

namespace hv {

namespace {

// Whatever shows it was made of a translation of the guest's, and is made anew when it is missed.
void hide_device(Domain* domain, Mfn) { arch_translations_drop(domain); }

constexpr MemoryModel model_translated = {
    XS_MODEL_TRANSLATED,
    "translated",
    1u << XENFEAT_auto_translated_physmap | 1u << XENFEAT_highmem_assist,
    true,
    true,
    P2mReader::nobody,
    false,
    translated_domain_init,
    translated_frame_of,
    translated_name_of,
    translated_backing,
    translated_populate,
    translated_remove,
    translated_map_shared,
    translated_map_foreign,
    translated_unmap,
    translated_grant_map,
    translated_grant_unmap,
    translated_grant_replace,
    arch_translations_drop,
    hide_device,
    translated_steal_replacing,
    translated_accept,
    translated_take_out,
    translated_put_in,
    translated_relinquish,
};
constexpr MemoryModel model_identity = {
    XS_MODEL_IDENTITY,
    "identity",
    1u << XENFEAT_highmem_assist,
    false,
    true,
    P2mReader::nobody,
    true,
    identity_domain_init,
    identity_frame_of,
    identity_name_of,
    identity_backing,
    identity_populate,
    identity_remove,
    identity_map_shared,
    identity_map_foreign,
    identity_unmap,
    identity_grant_map,
    identity_grant_unmap,
    identity_grant_replace,
    arch_translations_drop,
    hide_device,
    identity_steal,
    identity_accept,
    identity_take_out,
    identity_put_in,
    identity_relinquish,
};

/// Two frames of firmware at and behind gmfn, as other architectures have a hypercall page.
long write_firmware(Domain* domain, xen_domctl& op) {
  MmGuard guard;
  Mfn frames[kFirmwareFrames];
  for (unsigned n = 0; n < kFirmwareFrames; n++) {
    frames[n] = domain->mm.model->frame_of(domain, op.u.hypercall_init.gmfn + n);
    if (domain->dying || !frame_is_ram(frames[n]) || frame_owner(frames[n]) != owner_id(domain))
      return -XEN_EINVAL;
  }
  write_domain_firmware(static_cast<u8*>(frame_to_virt(frames[0])),
                        static_cast<u8*>(frame_to_virt(frames[1])), op.u.hypercall_init.gmfn << kPageShift);
  for (const Mfn mfn : frames) log_dirty_mark(mfn);
  return 0;
}

long set_address_size(Domain*, xen_domctl& op) { return op.u.address_size.size == 64 ? 0 : -XEN_EINVAL; }
long get_address_size(Domain*, xen_domctl& op) {
  op.u.address_size.size = 64;
  return 0;
}

}  // namespace

constexpr MemoryModel model_dom0_pmt =
    with_reader(model_translated, XS_MODEL_DOM0_PMT, "dom0_pmt", P2mReader::privileged);
constexpr MemoryModel model_exposed =
    with_reader(model_translated, XS_MODEL_EXPOSED, "exposed", P2mReader::itself);

const MemoryModel* const arch_memory_models[] = {&model_translated, &model_identity, &model_dom0_pmt,
                                                 &model_exposed, nullptr};

const DomctlHandler arch_domctl_handlers[] = {
    {XEN_DOMCTL_hypercall_init, false, write_firmware},
    {XEN_DOMCTL_set_address_size, false, set_address_size},
    {XEN_DOMCTL_get_address_size, true, get_address_size},
    {0, false, nullptr},
};

long arch_shadow_allocation(Domain*, xen_domctl_shadow_op&) { return -XEN_EOPNOTSUPP; }

/// What is inserted for a guest is the hypervisor's to make.
int arch_log_dirty_prepare(Domain*) { return 0; }
int arch_log_dirty_begin(Domain*) { return 0; }
void arch_log_dirty_end(Domain*) {}

/// Frames are memory or shared, nothing else.
int arch_validate_type(Mfn, xs_frame_type, Domain*) { return -XEN_EINVAL; }
void arch_invalidate_type(Mfn, xs_frame_type, Domain*) {}

long arch_memory_op(unsigned, Vaddr) { return -XEN_ENOSYS; }

void arch_translations_drop(Domain* domain) {
  vtlb_drop_begins(domain);
  for (Vcpu* vcpu : domain->vcpu)
    if (vcpu != nullptr && vcpu->arch.vhpt != nullptr) vhpt_flush(vcpu);
  flush_domain(domain);
}

}  // namespace hv
