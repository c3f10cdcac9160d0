// Where a PV64 domain's start-of-day elements lie (<xen/xen.h>, "Start-of-day memory layout").
//
//   virt_base                                                                    end (4 MiB aligned)
//   | kernel | initrd | mfn_list | start_info | page tables (RO) | stack | >= 512 KiB |
//   pfn 0 ...  everything in order, one to one: pfn = (va - virt_base) >> 12
//
// With XEN_ELFNOTE_INIT_P2M the mfn_list is mapped at that address too, by page tables out of the same run,
// and start_info names that address.
#pragma once
#include "hypervisor/common/elf_loader.h"
#include "hypervisor/common/types.h"

namespace hv {

struct StartLayout {
  Vaddr virt_base;
  Gfn initrd_pfn, p2m_pfn, start_info_pfn, tables_pfn, stack_pfn;
  u64 initrd_pages, p2m_pages, table_pages;
  Vaddr p2m_va;  ///< mfn_list: in the run, or INIT_P2M
  u64 pages;     ///< of the initial mapping, all of [virt_base, end)
  bool separate_p2m;

  Vaddr va(Gfn pfn) const { return virt_base + (pfn << kPageShift); }
  bool is_table(Gfn pfn) const { return pfn - tables_pfn < table_pages; }
};

/// nullptr, or why the image cannot be placed in a domain of `domain_pages`. Without a P2M of its own the
/// guest gets no mfn_list.
const char* start_layout(const GuestImage& image, u64 initrd_bytes, u64 domain_pages, bool own_p2m,
                         StartLayout& layout);

}  // namespace hv
