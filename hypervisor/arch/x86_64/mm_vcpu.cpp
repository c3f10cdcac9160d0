#include "hypervisor/arch/x86_64/mm_vcpu.h"

#include "hypervisor/arch/x86_64/mm_pte.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/page_type.h"
#include "hypervisor/common/taps.h"

namespace hv {

namespace {
constexpr unsigned kDescriptorsPerPage = kPageSize / sizeof(u64);
constexpr u32 kMaxLdtEntries = 8192;
constexpr unsigned kLdtPages = kMaxLdtEntries / kDescriptorsPerPage;
static_assert(sizeof(ArchVcpu::ldt_frames) == kLdtPages * sizeof(Mfn));

void set_slot(const Vcpu* vcpu, xs_kept what, unsigned page, Mfn& slot, Mfn mfn) {
  slot = mfn;
  mark_kept(vcpu, what, page, mfn);
}

int set_table(Vcpu* vcpu, xs_kept what, Mfn& slot, Mfn mfn, void (*loaded)(Vcpu*)) {
  MmGuard guard;
  if (mfn != kInvalidMfn) {
    if (vcpu->domain->dying) return -XEN_EINVAL;
    if (const int rc = frame_and_type_get(mfn, XS_FRAME_L4, vcpu->domain); rc != 0) return rc;
  }
  const Mfn old = slot;
  set_slot(vcpu, what, 0, slot, mfn);
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
  for (unsigned i = 0; i < pages; i++) mark_kept(vcpu, XS_KEPT_GDT, i, kInvalidMfn);
  put_all(vcpu->arch.gdt_frames, pages, vcpu->domain);
}

void drop_ldt(Vcpu* vcpu) {
  vcpu->arch.ldt_entries = 0;
  for (unsigned page = 0; page < kLdtPages; page++)
    if (const Mfn frame = vcpu->arch.ldt_frames[page]; frame != 0) {
      vcpu->arch.ldt_frames[page] = 0;
      mark_kept(vcpu, XS_KEPT_LDT, page, kInvalidMfn);
      frame_and_type_put(frame, vcpu->domain);
    }
}
}  // namespace

int vcpu_set_kernel_table(Vcpu* vcpu, Mfn mfn, void (*loaded)(Vcpu*)) {
  return set_table(vcpu, XS_KEPT_KERNEL_TABLE, vcpu->arch.kernel_table, mfn, loaded);
}

int vcpu_set_user_table(Vcpu* vcpu, Mfn mfn, void (*loaded)(Vcpu*)) {
  return set_table(vcpu, XS_KEPT_USER_TABLE, vcpu->arch.user_table, mfn == 0 ? kInvalidMfn : mfn, loaded);
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
  for (unsigned i = 0; i < pages; i++) set_slot(vcpu, XS_KEPT_GDT, i, vcpu->arch.gdt_frames[i], frames[i]);
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
  set_slot(vcpu, XS_KEPT_LDT, page, vcpu->arch.ldt_frames[page], pte_mfn(pte));
  return true;
}

int arch_vcpu_release_frames(Vcpu* vcpu) {
  ArchVcpu& arch = vcpu->arch;
  if (arch.gdt_entries != 0) drop_gdt(vcpu);
  drop_ldt(vcpu);
  const struct {
    xs_kept what;
    Mfn& slot;
  } tables[] = {{XS_KEPT_KERNEL_TABLE, arch.kernel_table}, {XS_KEPT_USER_TABLE, arch.user_table}};
  for (const auto& table : tables)
    if (const Mfn old = table.slot; old != kInvalidMfn) {
      set_slot(vcpu, table.what, 0, table.slot, kInvalidMfn);
      frame_and_type_put(old, vcpu->domain);
    }
  return 0;
}

}  // namespace hv
