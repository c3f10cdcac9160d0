// Hypercalls update_va_mapping (and for another domain's frame), set_gdt, update_descriptor.
#include "hypervisor/arch/x86_64/mm_flush.h"
#include "hypervisor/arch/x86_64/mm_tables.h"
#include "hypervisor/arch/x86_64/mm_vcpu.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/log_dirty.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/page_type.h"

namespace hv {

namespace {
int update_mapping(Vaddr va, Pte pte, const FrameSource& source) {
  Vcpu* vcpu = current();
  if (!is_guest_address(va) || vcpu->domain->mm.model->plain_tables) return -XEN_EINVAL;
  MmGuard guard;
  EntryPlace place;
  if (!find_l1_entry(vcpu->arch.kernel_table, va, place)) return -XEN_EINVAL;
  return entry_update(place.table, 1, place.slot, pte, AccessedDirty::replace, vcpu->domain, source);
}

// Flags: what to flush in the low two bits; above them nothing (this CPU), UVMF_ALL, or a VCPU bitmap's
// address.
int flush_mapping(Vaddr va, u64 flags) {
  const u64 kind = flags & UVMF_FLUSHTYPE_MASK, where = flags & ~u64{UVMF_FLUSHTYPE_MASK};
  if (kind != UVMF_TLB_FLUSH && kind != UVMF_INVLPG) return 0;  // both at once are neither, as in Xen
  const Vaddr what = kind == UVMF_INVLPG ? va : kFlushAll;
  if (where == UVMF_LOCAL) return guest_flush_local(what), 0;
  if (where == UVMF_ALL) return guest_flush_domain(what), 0;
  return guest_flush_vcpus(where, what);
}

long update_va(Vaddr va, Pte pte, u64 flags, const FrameSource& source) {
  const int rc = update_mapping(va, pte, source);
  const int flushed = rc == 0 ? flush_mapping(va, flags) : 0;
  return rc != 0 ? rc : flushed;
}
}  // namespace

long do_update_va_mapping(const HypercallArgs& args) {
  return update_va(args.arg[0], args.arg[1], args.arg[2], {FrameSource::frames_of_domain, current()->domain});
}

long do_update_va_mapping_otherdomain(const HypercallArgs& args) {
  const FrameSourceRef frames(static_cast<DomId>(args.arg[3]));
  if (frames.error() != 0) return frames.error();
  return update_va(args.arg[0], args.arg[1], args.arg[2], frames.source());
}

long do_set_gdt(const HypercallArgs& args) {
  const u32 entries = static_cast<u32>(args.arg[1]);
  if (entries > FIRST_RESERVED_GDT_ENTRY) return -XEN_EINVAL;
  u64 frames[FIRST_RESERVED_GDT_PAGE] = {};
  if (!copy_from_guest(frames, args.arg[0], (entries + 511) / 512 * sizeof(u64))) return -XEN_EFAULT;
  const int rc = vcpu_set_gdt(current(), frames, entries);
  if (rc == 0) arch_reload_descriptor_tables(current());
  return rc;
}

namespace {
// The guest's page takes it, and so does every copy that a VCPU uses.
long translated_update_descriptor(Domain* domain, Paddr at, u64 descriptor) {
  MmGuard guard;
  const Gfn gfn = at >> kPageShift;
  const unsigned slot = (at & (kPageSize - 1)) / sizeof(u64);
  const Mfn mfn = domain->mm.model->frame_of(domain, gfn);
  if (mfn == kInvalidMfn) return -XEN_EINVAL;
  if (const int rc = frame_and_type_get(mfn, XS_FRAME_WRITABLE, domain); rc != 0) return rc;
  __atomic_store_n(table_at(mfn) + slot, descriptor, __ATOMIC_RELEASE);
  log_dirty_mark(mfn);
  for (Vcpu* vcpu : domain->vcpu)
    if (vcpu != nullptr) vcpu_descriptor_changed(vcpu, gfn, slot, descriptor);
  frame_and_type_put(mfn, domain);
  return 0;
}
}  // namespace

long do_update_descriptor(const HypercallArgs& args) {
  const Paddr at = args.arg[0];
  u64 descriptor = args.arg[1];
  const Mfn mfn = at >> kPageShift;
  Domain* domain = current()->domain;
  if (at % sizeof(u64) != 0 || !descriptor_make_safe(descriptor)) return -XEN_EINVAL;
  if (domain->mm.model->plain_tables) return translated_update_descriptor(domain, at, descriptor);
  MmGuard guard;
  // A frame that is no descriptor page takes the store as an ordinary writable one.
  const u64 info = frame_is_ram(mfn) ? frame_type_info(mfn) : 0;
  const bool in_use = type_of(info) == XS_FRAME_SEGDESC && (info & XS_TYPE_COUNT) != 0;
  if (const int rc = frame_and_type_get(mfn, in_use ? XS_FRAME_SEGDESC : XS_FRAME_WRITABLE, domain); rc != 0)
    return rc;
  __atomic_store_n(table_at(mfn) + (at & (kPageSize - 1)) / sizeof(u64), descriptor, __ATOMIC_RELEASE);
  log_dirty_mark(mfn);
  frame_and_type_put(mfn, domain);
  return 0;
}

}  // namespace hv
