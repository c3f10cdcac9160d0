#include "hypervisor/arch/x86_64/mm_vcpu.h"

#include "hypervisor/arch/x86_64/mm_pte.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/page_type.h"

namespace hv {

namespace {
constexpr unsigned kDescriptorsPerPage = kPageSize / sizeof(u64);
constexpr u32 kMaxLdtEntries = 8192;

int set_table(Vcpu* vcpu, Mfn& slot, Mfn mfn, void (*loaded)(Vcpu*)) {
  MmGuard guard;
  if (mfn != kInvalidMfn) {
    if (vcpu->domain->dying) return -XEN_EINVAL;
    if (const int rc = frame_and_type_get(mfn, XS_FRAME_L4, vcpu->domain); rc != 0) return rc;
  }
  const Mfn old = slot;
  slot = mfn;
  if (loaded != nullptr) loaded(vcpu);
  if (old != kInvalidMfn) frame_and_type_put(old, vcpu->domain);
  return 0;
}

unsigned gdt_pages(u32 entries) { return (entries + kDescriptorsPerPage - 1) / kDescriptorsPerPage; }

void put_all(const Mfn* frames, unsigned count, Domain* domain) {
  for (unsigned i = 0; i < count; i++) frame_and_type_put(frames[i], domain);
}

void drop_gdt(Vcpu* vcpu) {
  const unsigned pages = gdt_pages(vcpu->arch.gdt_entries);
  vcpu->arch.gdt_entries = 0;
  put_all(vcpu->arch.gdt_frames, pages, vcpu->domain);
}

void drop_ldt(Vcpu* vcpu) {
  vcpu->arch.ldt_entries = 0;
  for (Mfn& frame : vcpu->arch.ldt_frames)
    if (frame != 0) {
      frame_and_type_put(frame, vcpu->domain);
      frame = 0;
    }
}
}  // namespace

int vcpu_set_kernel_table(Vcpu* vcpu, Mfn mfn, void (*loaded)(Vcpu*)) {
  return set_table(vcpu, vcpu->arch.kernel_table, mfn, loaded);
}

int vcpu_set_user_table(Vcpu* vcpu, Mfn mfn, void (*loaded)(Vcpu*)) {
  return set_table(vcpu, vcpu->arch.user_table, mfn == 0 ? kInvalidMfn : mfn, loaded);
}

int vcpu_set_gdt(Vcpu* vcpu, const u64* frames, u32 entries) {
  if (entries > FIRST_RESERVED_GDT_ENTRY) return -XEN_EINVAL;
  const unsigned pages = gdt_pages(entries);
  MmGuard guard;
  for (unsigned i = 0; i < pages; i++)
    if (const int rc = frame_and_type_get(frames[i], XS_FRAME_SEGDESC, vcpu->domain); rc != 0) {
      put_all(frames, i, vcpu->domain);
      return rc;
    }
  drop_gdt(vcpu);
  for (unsigned i = 0; i < pages; i++) vcpu->arch.gdt_frames[i] = frames[i];
  vcpu->arch.gdt_entries = entries;
  return 0;
}

int vcpu_set_ldt(Vcpu* vcpu, Vaddr base, u32 entries) {
  const bool ok =
      entries == 0 || (entries <= kMaxLdtEntries && base % kPageSize == 0 && is_guest_address(base) &&
                       is_guest_address(base + entries * sizeof(u64) - 1));
  if (!ok) return -XEN_EINVAL;
  MmGuard guard;
  drop_ldt(vcpu);
  vcpu->arch.ldt_base = base;
  vcpu->arch.ldt_entries = entries;
  return 0;
}

bool find_l1_entry(Mfn l4, Vaddr va, EntryPlace& place) {
  Mfn table = l4;
  for (unsigned level = kTopLevel; level > 1; level--) {
    const Pte pte = table_at(table)[table_slot(va, level)];
    if (!(pte & kPtePresent)) return false;
    table = pte_mfn(pte);
  }
  place = {table, table_slot(va, 1)};
  return true;
}

bool mm_ldt_fault(Vcpu* vcpu, unsigned page) {
  const u32 pages = gdt_pages(vcpu->arch.ldt_entries);
  if (page >= pages || vcpu->arch.ldt_frames[page] != 0) return false;
  MmGuard guard;
  EntryPlace place;
  if (!find_l1_entry(vcpu->arch.kernel_table, vcpu->arch.ldt_base + page * kPageSize, place)) return false;
  const Pte pte = table_at(place.table)[place.slot];
  if (!(pte & kPtePresent)) return false;
  if (frame_and_type_get(pte_mfn(pte), XS_FRAME_SEGDESC, vcpu->domain) != 0) return false;
  vcpu->arch.ldt_frames[page] = pte_mfn(pte);
  return true;
}

int arch_vcpu_release_frames(Vcpu* vcpu) {
  ArchVcpu& arch = vcpu->arch;
  if (arch.gdt_entries != 0) drop_gdt(vcpu);
  drop_ldt(vcpu);
  Mfn* const tables[] = {&arch.kernel_table, &arch.user_table};
  for (Mfn* table : tables)
    if (*table != kInvalidMfn) {
      const Mfn old = *table;
      *table = kInvalidMfn;
      frame_and_type_put(old, vcpu->domain);
    }
  return 0;
}

}  // namespace hv
