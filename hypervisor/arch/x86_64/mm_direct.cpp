// Memory model `direct` (Xen/x86 PV): guests see MFNs in their page tables and keep their own P2M; the
// hypervisor owns the M2P and validates every table.
#include "hypervisor/arch/x86_64/mm_grant.h"
#include "hypervisor/arch/x86_64/mm_pte.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/m2p.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/page_type.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/planted.h"

namespace hv {

namespace {
constexpr unsigned kFramesPerSlice = 2048;

int direct_domain_init(Domain*) { return 0; }

Mfn direct_frame_of(const Domain*, u64 mfn) { return frame_is_ram(mfn) ? mfn : kInvalidMfn; }
u64 direct_name_of(const Domain*, Mfn mfn) { return mfn; }

// What an entry of a validated table names is the domain's to use, as the entry says.
u64 direct_backing(const Domain*, u64 mfn) {
  return frame_is_ram(mfn) ? p2m_entry_for(mfn, XS_P2M_WRITABLE) : 0;
}

int direct_populate(Domain* domain, Gfn gfn, Mfn first, unsigned order) {
  if (planted(Bug::m2p_not_set) && domain == current()->domain) return 0;
  for (u64 i = 0; i < 1ull << order; i++) m2p_set(first + i, gfn + i);
  return 0;
}

// Gives up the owner's own uses. Mappings that are left keep the frame the domain's until they go.
int direct_remove(Domain* domain, Mfn mfn) {
  if (!frame_get(mfn, owner_id(domain))) return -XEN_EINVAL;
  int rc = -XEN_EINVAL;
  if (type_of(frame_type_info(mfn)) != XS_FRAME_SHARED) {
    type_unpin(mfn, domain);
    if (frame_drop_allocation(mfn)) rc = 0;
    if (planted(Bug::freed_while_mapped)) frame_set_count_info(mfn, 1);
  }
  frame_put(mfn);
  return rc;
}

int direct_map_shared(Domain*, Gfn, Mfn) { return -XEN_EOPNOTSUPP; }
int direct_map_foreign(Domain*, Gfn&, Domain*, u64) { return -XEN_EOPNOTSUPP; }
int direct_unmap(Domain*, Gfn) { return -XEN_EOPNOTSUPP; }

// True when there was anything.
bool release_vcpus_and_pins(Domain* domain) {
  bool any = domain->mm.pins != 0;
  for (Vcpu* vcpu : domain->vcpu)
    if (vcpu != nullptr && arch_vcpu_release_frames(vcpu)) any = true;
  if (domain->mm.pins == 0) return any;
  // A frame that the guest has given back goes with its last use, which may be this pin or a table's behind
  // it: a reference keeps the walk's own place in the list.
  Mfn mfn = frame_list_first(domain->mm.frames);
  while (mfn != kInvalidMfn) {
    const bool taken = frame_get(mfn, owner_id(domain));
    type_unpin(mfn, domain);
    const Mfn next = frame_list_next(mfn);
    if (taken) frame_put(mfn);
    mfn = next;
  }
  return any;
}

// The guest's own entries name it: they go, wherever they are. Tables that are in none's use are validated
// before they are again.
void direct_hide_device(Domain* domain, Mfn device) {
  for (Mfn mfn = frame_list_first(domain->mm.frames); mfn != kInvalidMfn; mfn = frame_list_next(mfn)) {
    const u64 info = frame_type_info(mfn);
    if (type_of(info) != XS_FRAME_L1 || (info & XS_TYPE_COUNT) == 0) continue;
    for (Pte* entry = table_at(mfn); entry < table_at(mfn) + kTableEntries; entry++)
      if ((*entry & kPtePresent) && pte_mfn(*entry) == device) __atomic_store_n(entry, 0, __ATOMIC_RELEASE);
  }
}

int direct_relinquish(Domain* domain) {
  if (release_vcpus_and_pins(domain)) return -kRestart;
  unsigned done = 0;
  Mfn mfn = frame_list_first(domain->mm.frames);
  while (mfn != kInvalidMfn) {
    if (done == kFramesPerSlice) return -kRestart;
    const Mfn next = frame_list_next(mfn);
    // Frames that another domain still maps stay listed, without the owner's reference.
    if (frame_drop_allocation(mfn)) done++;
    mfn = next;
  }
  return 0;
}

}  // namespace

extern const MemoryModel model_direct;
constexpr MemoryModel model_direct = {
    XS_MODEL_DIRECT,
    "direct",
    1u << XENFEAT_mmu_pt_update_preserve_ad | 1u << XENFEAT_pae_pgdir_above_4gb |
        1u << XENFEAT_gnttab_map_avail_bits | 1u << XENFEAT_highmem_assist,
    false,
    false,
    P2mReader::nobody,
    false,
    direct_domain_init,
    direct_frame_of,
    direct_name_of,
    direct_backing,
    direct_populate,
    direct_remove,
    direct_map_shared,
    direct_map_foreign,
    direct_unmap,
    direct_grant_map,
    direct_grant_unmap,
    direct_grant_replace,
    direct_grant_flush,
    direct_hide_device,
    direct_steal,
    direct_accept,
    direct_take_out,
    direct_put_in,
    direct_relinquish,
};

}  // namespace hv
