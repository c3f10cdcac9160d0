#include "hypervisor/arch/x86_64/mm_vcpu.h"

#include "hypervisor/arch/x86_64/mm_guest_walk.h"
#include "hypervisor/arch/x86_64/mm_pte.h"
#include "hypervisor/arch/x86_64/mm_shadow.h"
#include "hypervisor/arch/x86_64/mm_tables.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/page_type.h"
#include "hypervisor/common/planted.h"
#include "hypervisor/common/taps.h"

namespace hv {

namespace {
constexpr unsigned kDescriptorsPerPage = kPageSize / sizeof(u64);
constexpr u32 kMaxLdtEntries = 8192;
constexpr unsigned kLdtPages = kMaxLdtEntries / kDescriptorsPerPage;
static_assert(sizeof(ArchVcpu::ldt_frames) == kLdtPages * sizeof(Mfn));

bool by_name(const Vcpu* vcpu) { return vcpu->domain->mm.model->plain_tables; }

// An observer is told what is referenced; a name alone holds nothing.
void set_slot(const Vcpu* vcpu, xs_kept what, unsigned page, Mfn& slot, Mfn mfn) {
  slot = mfn;
  if (!by_name(vcpu)) mark_kept(vcpu, what, page, mfn);
}

// A new base of page tables is referenced, or only named.
int get_base(const Vcpu* vcpu, u64 name) {
  Domain* domain = vcpu->domain;
  if (domain->dying) return -XEN_EINVAL;
  if (!by_name(vcpu)) return frame_and_type_get(name, XS_FRAME_L4, domain);
  return domain->mm.model->frame_of(domain, name) != kInvalidMfn ? 0 : -XEN_EINVAL;
}

void put_base(Vcpu* vcpu, u64 name) {
  if (name != kInvalidMfn && !by_name(vcpu)) frame_and_type_put(name, vcpu->domain);
}

int set_table(Vcpu* vcpu, bool kernel_mode, u64 name, void (*loaded)(Vcpu*)) {
  MmGuard guard;
  u64& base = kernel_mode ? vcpu->arch.kernel_table : vcpu->arch.user_table;
  if (name != kInvalidMfn)
    if (const int rc = get_base(vcpu, name); rc != 0) return rc;
  const u64 old = base;
  set_slot(vcpu, kernel_mode ? XS_KEPT_KERNEL_TABLE : XS_KEPT_USER_TABLE, 0, base, name);
  shadow_drop_root(vcpu, kernel_mode);
  if (loaded != nullptr) loaded(vcpu);
  put_base(vcpu, old);
  return 0;
}

unsigned gdt_pages(u32 entries) { return (entries + kDescriptorsPerPage - 1) / kDescriptorsPerPage; }

// What the CPU is to read for a descriptor page of that name: the frame itself, typed; or a checked copy.
int get_descriptors(Domain* domain, u64 name, Mfn& frame) {
  if (!domain->mm.model->plain_tables) {
    frame = name;
    if (planted(Bug::descriptors_untyped)) return frame_get(name, owner_id(domain)) ? 0 : -XEN_EINVAL;
    return frame_and_type_get(name, XS_FRAME_SEGDESC, domain);
  }
  const Mfn mfn = domain->mm.model->frame_of(domain, name);
  if (mfn == kInvalidMfn || frame_owner(mfn) != owner_id(domain)) return -XEN_EINVAL;
  frame = alloc_frame();
  if (frame == kInvalidMfn) return -XEN_ENOMEM;
  memcpy(frame_to_virt(frame), frame_to_virt(mfn), kPageSize);
  if (descriptor_page_is_safe(static_cast<u64*>(frame_to_virt(frame)))) return 0;
  free_frame(frame);
  return -XEN_EINVAL;
}

void put_descriptors(Domain* domain, Mfn frame) {
  if (domain->mm.model->plain_tables)
    free_frame(frame);
  else
    frame_and_type_put(frame, domain);
}

void put_all(const Mfn* frames, unsigned count, Domain* domain) {
  for (unsigned i = 0; i < count; i++) put_descriptors(domain, frames[i]);
}

void drop_gdt(Vcpu* vcpu) {
  const unsigned pages = gdt_pages(vcpu->arch.gdt_entries);
  vcpu->arch.gdt_entries = 0;
  for (unsigned i = 0; i < pages; i++) mark_kept(vcpu, XS_KEPT_GDT, i, kInvalidMfn);
  put_all(vcpu->arch.gdt_frames, pages, vcpu->domain);
}

// True when a page was loaded.
bool drop_ldt(Vcpu* vcpu) {
  bool any = false;
  vcpu->arch.ldt_entries = 0;
  for (unsigned page = 0; page < kLdtPages; page++)
    if (const Mfn frame = vcpu->arch.ldt_frames[page]; frame != 0) {
      vcpu->arch.ldt_frames[page] = 0;
      if (!by_name(vcpu)) mark_kept(vcpu, XS_KEPT_LDT, page, kInvalidMfn);
      put_descriptors(vcpu->domain, frame);
      any = true;
    }
  return any;
}

// The name of the page that the guest's kernel has mapped at `va`.
bool name_of_mapped(const Vcpu* vcpu, Vaddr va, u64& name) {
  if (by_name(vcpu)) {
    GuestTranslation t;
    u32 access = 0;
    if (!guest_walk(vcpu->domain, vcpu->arch.kernel_table, va, access, t)) return false;
    name = t.gfn;
    return true;
  }
  EntryPlace place;
  if (!find_l1_entry(vcpu->arch.kernel_table, va, place)) return false;
  const Pte pte = table_at(place.table)[place.slot];
  name = pte_mfn(pte);
  return pte & kPtePresent;
}
}  // namespace

// kInvalidMfn is a number that a guest may pass, not its way to say "none".
int vcpu_set_kernel_table(Vcpu* vcpu, u64 name, void (*loaded)(Vcpu*)) {
  if (name == kInvalidMfn) return -XEN_EINVAL;
  return set_table(vcpu, true, name, loaded);
}

int vcpu_set_user_table(Vcpu* vcpu, u64 name, void (*loaded)(Vcpu*)) {
  if (name == kInvalidMfn) return -XEN_EINVAL;
  return set_table(vcpu, false, name == 0 ? kInvalidMfn : name, loaded);
}

int vcpu_set_gdt(Vcpu* vcpu, const u64* names, u32 entries) {
  if (entries > FIRST_RESERVED_GDT_ENTRY) return -XEN_EINVAL;
  const unsigned pages = gdt_pages(entries);
  Mfn frames[FIRST_RESERVED_GDT_PAGE];
  MmGuard guard;
  if (vcpu->domain->dying) return -XEN_EINVAL;  // what it holds has been let go of, or is about to be
  for (unsigned i = 0; i < pages; i++)
    if (const int rc = get_descriptors(vcpu->domain, names[i], frames[i]); rc != 0) {
      put_all(frames, i, vcpu->domain);
      return rc;
    }
  drop_gdt(vcpu);
  for (unsigned i = 0; i < pages; i++) {
    set_slot(vcpu, XS_KEPT_GDT, i, vcpu->arch.gdt_frames[i], frames[i]);
    vcpu->arch.gdt_names[i] = names[i];
  }
  vcpu->arch.gdt_entries = entries;
  return 0;
}

void vcpu_descriptor_changed(Vcpu* vcpu, u64 name, unsigned slot, u64 descriptor) {
  ArchVcpu& arch = vcpu->arch;
  for (unsigned i = 0; i < gdt_pages(arch.gdt_entries); i++)
    if (arch.gdt_names[i] == name) table_at(arch.gdt_frames[i])[slot] = descriptor;
  for (unsigned i = 0; i < count_of(arch.ldt_frames); i++)
    if (arch.ldt_frames[i] != 0 && arch.ldt_names[i] == name) table_at(arch.ldt_frames[i])[slot] = descriptor;
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
  u64 name;
  Mfn frame;
  if (!name_of_mapped(vcpu, vcpu->arch.ldt_base + page * kPageSize, name) ||
      get_descriptors(vcpu->domain, name, frame) != 0)
    return false;
  set_slot(vcpu, XS_KEPT_LDT, page, vcpu->arch.ldt_frames[page], frame);
  vcpu->arch.ldt_names[page] = name;
  return true;
}

bool arch_vcpu_release_frames(Vcpu* vcpu) {
  ArchVcpu& arch = vcpu->arch;
  bool any = arch.gdt_entries != 0;
  if (any) drop_gdt(vcpu);
  if (drop_ldt(vcpu)) any = true;
  const struct {
    xs_kept what;
    u64& slot;
  } bases[] = {{XS_KEPT_KERNEL_TABLE, arch.kernel_table}, {XS_KEPT_USER_TABLE, arch.user_table}};
  for (const auto& base : bases)
    if (const u64 old = base.slot; old != kInvalidMfn) {
      set_slot(vcpu, base.what, 0, base.slot, kInvalidMfn);
      put_base(vcpu, old);
      any = true;
    }
  shadow_destroy(vcpu);
  return any;
}

}  // namespace hv
