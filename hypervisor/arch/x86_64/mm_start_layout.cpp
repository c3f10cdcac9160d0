#include "hypervisor/arch/x86_64/mm_start_layout.h"

#include "hypervisor/arch/x86_64/mm_pte.h"

namespace hv {

namespace {
constexpr u64 kEndAlignment = 4ull << 20;
constexpr u64 kLeastPadding = 512ull << 10;

constexpr u64 pages_of(u64 bytes) { return round_up(bytes, kPageSize) >> kPageShift; }

// Tables of levels 1 to 3 for [start, end); the L4 is counted once by the caller.
u64 tables_for(Vaddr start, Vaddr end) {
  u64 sum = 0;
  for (unsigned level = 2; level <= kTopLevel; level++)
    sum += (end - 1) / entry_span(level) - start / entry_span(level) + 1;
  return sum;
}

bool guest_may_map(Vaddr start, u64 bytes) {
  const Vaddr last = start + bytes - 1;
  if (bytes == 0 || last < start) return false;
  return is_guest_address(start) && is_guest_address(last) && (start >> 63) == (last >> 63);
}

// The end of the initial mapping when the stack page ends at `used` bytes from its start.
u64 mapping_bytes(Vaddr base, u64 used) {
  u64 end = round_up(base + used, kEndAlignment);
  if (end - (base + used) < kLeastPadding) end += kEndAlignment;
  return end - base;
}
}  // namespace

const char* start_layout(const GuestImage& image, u64 initrd_bytes, u64 domain_pages, bool own_p2m,
                         StartLayout& out) {
  out = {};
  out.virt_base = image.virt_base;
  out.separate_p2m = own_p2m && image.init_p2m != kNoAddress;
  out.initrd_pages = pages_of(initrd_bytes);
  out.p2m_pages = own_p2m ? pages_of(domain_pages * sizeof(u64)) : 0;
  if (image.virt_base % kEndAlignment != 0) return "its virtual base is not aligned to 4 MiB";
  out.initrd_pfn = pages_of(image.end - image.virt_base);
  out.p2m_pfn = out.initrd_pfn + out.initrd_pages;
  out.start_info_pfn = out.p2m_pfn + out.p2m_pages;
  out.tables_pfn = out.start_info_pfn + 1;
  u64 extra = 1;  // the L4
  if (out.separate_p2m) {
    if (image.init_p2m % kPageSize != 0 || !guest_may_map(image.init_p2m, out.p2m_pages << kPageShift))
      return "its INIT_P2M address is not a guest's";
    extra += tables_for(image.init_p2m, image.init_p2m + (out.p2m_pages << kPageShift));
  }
  // More tables may need another table: grow until it fits. Ends: one L1 covers 512 tables.
  for (out.table_pages = extra;;) {
    out.stack_pfn = out.tables_pfn + out.table_pages;
    const u64 bytes = mapping_bytes(image.virt_base, (out.stack_pfn + 1) << kPageShift);
    if (!guest_may_map(image.virt_base, bytes)) return "its addresses are not a guest's";
    out.pages = bytes >> kPageShift;
    if (out.pages > domain_pages) return "the domain has too little memory for its start";
    const u64 needed = extra + tables_for(image.virt_base, image.virt_base + bytes);
    if (needed <= out.table_pages) break;
    out.table_pages = needed;
  }
  out.p2m_va = out.separate_p2m ? image.init_p2m : out.va(out.p2m_pfn);
  return nullptr;
}

}  // namespace hv
