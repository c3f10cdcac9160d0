// Shadow page tables: a software TLB for VCPUs whose page tables hold GFNs.
//
//   guest's tables (GFNs) --+
//                           +--[miss: guest_walk, P2M]--> shadow tables (MFNs) --[CPU's walk]--> CPU's TLB
//   P2M (GFN -> MFN) -------+
//
//   VCPU -> Shadow -> root[kernel] L4 -> tables of the pool     one root per mode, as a PV64 guest has two
//   CR3s
//                     root[user]   L4 -> tables of the pool
//
// It promises what a TLB promises: an entry is made on a miss, from the tables as they are then; it stays
// usable, however the guest changes its tables, until the guest asks for a flush (INVLPG, TLB flush, new base
// pointer); and it may vanish at any time. So guests' tables need no protection against stores, may alias and
// map themselves, and a pool that is too small costs time only. What a guest cannot be trusted with is not
// its own consistency but the P2M: before an entry of that changes hands, everything cached of it is dropped
// (arch_translations_drop).
//
// A domain of model `direct` is shadowed while log-dirty is on for it: the rights of a shadow may be taken
// away, those of its own tables are seen by it. Its entries are valid because its tables are (mm_tables.h),
// as what a CPU's TLB has of them is. So what flushes every CPU's TLB before a frame gets another use
// (tlb_epoch.h) drops these shadows, too; it may not take mm_lock, and a lock of their own guards them.
//
// Everything takes or holds mm_lock, but for shadows_forget_direct.
#pragma once
#include "hypervisor/common/domain.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/types.h"

namespace hv {

/// The CPU walks shadows and not the domain's own tables.
inline bool shadows_in_use(const Domain* domain) {
  return domain->mm.model->plain_tables || domain->arch.shadowed;
}

/// For a flush of all CPUs' TLBs: nothing is left of what was made of validated tables; then `flush`.
void shadows_forget_direct(void (*flush)());

/// Roots and a least pool, for a VCPU of a domain that needs them; nothing to do for others. 0 or
/// -XEN_ENOMEM.
int shadow_create(Vcpu* vcpu);
/// For a VCPU of a domain that will be shadowed: roots, and a pool as large as usual. Takes its time, and the
/// lock again and again. 0, -XEN_ENOMEM, -XEN_EINVAL: the domain dies.
int shadow_prepare(Vcpu* vcpu);
void shadow_destroy(Vcpu* vcpu);

/// Divides `frames` of shadow memory among the domain's VCPUs; each keeps a least pool. Nothing of the domain
/// runs, but for a caller that acts on itself. 0 or -XEN_ENOMEM (then less is there than asked for).
int shadow_set_allocation(Domain* domain, u64 frames);
u64 shadow_allocation(const Domain* domain);
/// What a domain of that size is given when nobody says: 1/128 of its memory and 1 MiB for each VCPU.
u64 shadow_default_frames(const Domain* domain, u64 pages);

/// A miss at `va` in the address space of that mode: true when the access can be tried again. False: it is
/// the guest's own fault, of which `error_code` is what a CPU that knows GFNs would say.
bool shadow_fill(Vcpu* vcpu, bool kernel_mode, Vaddr va, u32& error_code);

/// Drops one root's translations. The CPU's own go when its CR3 is loaded, which is the caller's.
void shadow_drop_root(Vcpu* vcpu, bool kernel_mode);
/// Drops the VCPU's translations of `va`, or all (kFlushAll). Flushing the CPU is the caller's, before
/// mm_lock is released; the result is what to flush: `va`, or everything.
Vaddr shadow_drop(Vcpu* vcpu, Vaddr va);

}  // namespace hv
