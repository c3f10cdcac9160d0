// dom0's start of day on x86-64: memory contents, page tables, registers of VCPU 0.
#include <elf.h>

#include "hypervisor/arch/x86_64/layout.h"
#include "hypervisor/arch/x86_64/mm_pte.h"
#include "hypervisor/arch/x86_64/mm_shadow.h"
#include "hypervisor/arch/x86_64/mm_start_layout.h"
#include "hypervisor/common/dom0_build.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/page_type.h"

namespace hv {

namespace {
constexpr Pte kTableFlags = kPtePresent | kPteWritable | kPteUser | kPteAccessed;
constexpr Pte kPageFlags = kPtePresent | kPteWritable | kPteUser | kPteAccessed | kPteDirty;

/// Makes the initial page tables in the run of table frames, the L4 first.
class TableBuilder {
 public:
  TableBuilder(const Dom0& guest, const StartLayout& layout)
      : guest_(guest), layout_(layout), next_(layout.tables_pfn) {
    guest.write(layout.tables_pfn << kPageShift, nullptr, layout.table_pages << kPageShift);
    l4_ = guest.mfn_of(next_++);
  }

  void map(Vaddr va, Gfn pfn) {
    Mfn table = l4_;
    for (unsigned level = kTopLevel; level > 1; level--) {
      Pte& entry = table_at(table)[table_slot(va, level)];
      if (!(entry & kPtePresent)) entry = make_pte(guest_.name_of(next_++), kTableFlags);
      table = guest_.frame_of(pte_mfn(entry));
    }
    const bool read_only = layout_.is_table(pfn) && !guest_.domain->mm.model->plain_tables;
    table_at(table)[table_slot(va, 1)] =
        make_pte(guest_.name_of(pfn), read_only ? kPageFlags & ~kPteWritable : kPageFlags);
  }

 private:
  const Dom0& guest_;
  const StartLayout& layout_;
  Gfn next_;
  Mfn l4_;
};

void load_kernel(const Dom0& guest, const StartLayout& layout) {
  for (unsigned i = 0; i < guest.image.segment_count; i++) {
    const GuestImage::Segment& s = guest.image.segments[i];
    const Paddr to = s.start - layout.virt_base;
    guest.write(to, guest.file + s.file_offset, s.file_bytes);
    guest.write(to + s.file_bytes, nullptr, s.memory_bytes - s.file_bytes);
  }
  if (guest.image.hypercall_page != kNoAddress) {
    const Gfn pfn = (guest.image.hypercall_page - layout.virt_base) >> kPageShift;
    arch_write_hypercall_page(frame_to_virt(guest.mfn_of(pfn)));
  }
  if (layout.initrd_pages != 0)
    guest.write(layout.initrd_pfn << kPageShift, phys_to_virt(guest.initrd.start),
                guest.initrd.end - guest.initrd.start);
}

void write_p2m(const Dom0& guest, const StartLayout& layout) {
  const Paddr p2m = layout.p2m_pfn << kPageShift;
  guest.write(p2m, nullptr, layout.p2m_pages << kPageShift);
  for (unsigned i = 0; i < guest.chunk_count; i++) {
    const Dom0::Chunk& c = guest.chunks[i];
    for (u64 n = 0; n < 1ull << c.order; n++) {
      const Mfn mfn = c.mfn + n;
      guest.write(p2m + (c.pfn + n) * sizeof mfn, &mfn, sizeof mfn);
    }
  }
}

void build_tables(const Dom0& guest, const StartLayout& layout) {
  TableBuilder tables(guest, layout);
  for (Gfn pfn = 0; pfn < layout.pages; pfn++) tables.map(layout.va(pfn), pfn);
  if (layout.separate_p2m)
    for (u64 i = 0; i < layout.p2m_pages; i++)
      tables.map(layout.p2m_va + (i << kPageShift), layout.p2m_pfn + i);
}

void write_start_info(const Dom0& guest, const StartLayout& layout) {
  const Paddr at = layout.start_info_pfn << kPageShift;
  guest.write(at, nullptr, kPageSize);
  auto& info = *static_cast<start_info*>(frame_to_virt(guest.mfn_of(layout.start_info_pfn)));
  static_assert(sizeof(start_info) <= kPageSize);
  copy_string(info.magic, "xen-3.0-x86_64", sizeof info.magic);
  info.nr_pages = guest.pages;
  info.shared_info = guest.shared_info_name << kPageShift;
  info.flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
  info.pt_base = layout.va(layout.tables_pfn);
  info.nr_pt_frames = layout.table_pages;
  info.mfn_list = layout.p2m_pages != 0 ? layout.p2m_va : 0;
  if (layout.separate_p2m) {
    info.first_p2m_pfn = layout.p2m_pfn;
    info.nr_p2m_frames = layout.p2m_pages;
  }
  if (layout.initrd_pages != 0) {
    const bool as_pfn = guest.image.module_start_is_pfn;
    info.mod_start = as_pfn ? layout.initrd_pfn : layout.va(layout.initrd_pfn);
    info.mod_len = guest.initrd.end - guest.initrd.start;
    if (as_pfn) info.flags |= SIF_MOD_START_PFN;
  }
  copy_string(reinterpret_cast<char*>(info.cmd_line), guest.cmdline, sizeof info.cmd_line);
}

vcpu_guest_context context;  // too large for the stack

int set_registers(const Dom0& guest, const StartLayout& layout) {
  memset(&context, 0, sizeof context);
  context.flags = VGCF_IN_KERNEL | VGCF_online;
  cpu_user_regs& regs = context.user_regs;
  regs.rip = guest.image.entry;
  regs.rsp = layout.va(layout.stack_pfn + 1);
  regs.rsi = layout.va(layout.start_info_pfn);
  regs.rflags = 1u << 9;  // IF: a guest is never entered with interrupts off; events are masked instead
  regs.cs = FLAT_KERNEL_CS;
  regs.ss = FLAT_KERNEL_SS;
  context.kernel_ss = FLAT_KERNEL_SS;
  context.kernel_sp = regs.rsp;
  context.ctrlreg[3] = xen_pfn_to_cr3(guest.name_of(layout.tables_pfn));
  for (vcpu_info& info : guest.domain->shared->vcpu_info) info.evtchn_upcall_mask = 1;
  const int rc = arch_set_vcpu_context(guest.domain->vcpu[0], context);
  if (rc == 0) guest.domain->vcpu[0]->pause_flags &= ~u32{kVcpuDown};
  return rc;
}
}  // namespace

const KernelNotes arch_kernel_notes = KernelNotes::needed;
const bool arch_kernel_has_place = false;

const char* arch_dom0_start(Dom0& guest) {
  if (guest.image.machine != EM_X86_64) return "it is for another processor";
  const MemoryModel& model = *guest.domain->mm.model;
  const bool own_p2m = !model.hides_mfns;
  const unsigned needed = own_p2m ? XENFEAT_writable_page_tables : XENFEAT_auto_translated_physmap;
  if (model.plain_tables && !(guest.image.features >> needed & 1))
    return "it does not run in that memory model";
  StartLayout layout;
  if (const char* error =
          start_layout(guest.image, guest.initrd.end - guest.initrd.start, guest.pages, own_p2m, layout))
    return error;
  load_kernel(guest, layout);
  if (own_p2m) write_p2m(guest, layout);
  write_start_info(guest, layout);
  build_tables(guest, layout);
  if (!model.plain_tables) {
    MmGuard guard;
    if (type_pin(guest.mfn_of(layout.tables_pfn), XS_FRAME_L4, guest.domain) != 0)
      return "its initial page tables are not valid";
  } else if (shadow_set_allocation(guest.domain, shadow_default_frames(guest.domain, guest.pages)) != 0) {
    return "no memory for its shadow page tables";
  }
  return set_registers(guest, layout) == 0 ? nullptr : "its initial registers are not valid";
}

}  // namespace hv
