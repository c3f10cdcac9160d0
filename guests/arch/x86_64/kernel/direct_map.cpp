#include "direct_map.h"

#include "guests/lib/boot.h"
#include "guests/lib/panic.h"
#include "guests/lib/string.h"
#include "table_ops.h"

namespace {
// Where a new table is written before it is hooked: a page of the image lends its address.
alignas(page_bytes) [[gnu::section(".bss.pages")]] u8 scratch_page[page_bytes];
u64* const scratch = reinterpret_cast<u64*>(scratch_page);

void open_scratch(Mfn mfn) {
  long r = boot_map(scratch, make_pte(mfn, pte_kernel));
  if (r) panic("cannot map a new page table: %ld", r);
  memset(scratch, 0, page_bytes);
}
// The writable mapping must be gone before the frame can be typed as a page table.
void close_scratch() { boot_map(scratch, 0); }

void hook(Mfn parent, unsigned index, Mfn child) {
  long r = table_ops.write(parent, index, make_pte(child, pte_table));
  if (r) panic("cannot hook a page table: %ld", r);
}

void hook_empty(Mfn parent, unsigned index, Mfn child) {
  open_scratch(child);
  close_scratch();
  hook(parent, index, child);
}

struct ReadOnlyRanges {
  Pfn a, a_end, b, b_end;
  bool contains(Pfn p) const { return (p >= a && p < a_end) || (p >= b && p < b_end); }
};

void fill_l1(FrameNumbers numbers, Pfn first, Pfn mapped, const ReadOnlyRanges& ro) {
  for (unsigned i = 0; i < table_entries && first + i < mapped; i++) {
    bool read_only = table_ops.has_types && ro.contains(first + i);
    scratch[i] = make_pte(numbers[first + i], read_only ? pte_kernel_ro : pte_kernel);
  }
}
}  // namespace

DirectMapTables plan_direct_map(Pfn first, Pfn limit, bool large) {
  u64 l2_entries = div_up(limit, table_entries);
  u64 l1_count = large ? l2_entries - limit / table_entries : l2_entries;
  u64 l2_count = div_up(l2_entries, table_entries);
  DirectMapTables t{};
  t.l3 = first;
  t.l2 = t.l3 + 1;
  t.window_l2 = t.l2 + l2_count;
  t.l1 = t.window_l2 + 1;
  t.window_l1 = t.l1 + l1_count;
  t.end = t.window_l1 + window_tables;
  return t;
}

void build_direct_map(const DirectMapTables& t, FrameNumbers p2m, Pfn mapped, Pfn limit, Pfn ro_first,
                      Pfn ro_end) {
  ReadOnlyRanges ro{ro_first, ro_end, t.l3, t.end};
  Mfn root = p2m[boot_va_frame(reinterpret_cast<void*>(boot_info->pt_base))];
  hook_empty(root, table_index(direct_map_base, 4), p2m[t.l3]);
  for (Pfn l2 = t.l2; l2 < t.window_l2; l2++)
    hook_empty(p2m[t.l3], static_cast<unsigned>(l2 - t.l2), p2m[l2]);
  hook_empty(p2m[t.l3], table_index(window_base, 3), p2m[t.window_l2]);
  const u64 pieces = div_up(limit, table_entries), large = pieces - (t.window_l1 - t.l1);
  for (u64 n = 0; n < pieces; n++) {
    const Pfn first = n * table_entries;
    const Mfn l2 = p2m[t.l2 + n / table_entries];
    if (n < large) {
      long r = table_ops.write(l2, n % table_entries, make_pte(p2m[first], pte_kernel | pte_large));
      if (r) panic("cannot map 2 MiB at frame %lx: %ld", first, r);
      continue;
    }
    const Mfn l1 = p2m[t.l1 + n - large];
    open_scratch(l1);
    fill_l1(p2m, first, mapped, ro);
    close_scratch();
    hook(l2, n % table_entries, l1);
  }
  for (unsigned i = 0; i < window_tables; i++) hook_empty(p2m[t.window_l2], i, p2m[t.window_l1 + i]);
}

u64 boot_mapping_entry(u64 va) {
  u64* entry = boot_entry(va, 1);
  return entry ? *entry : 0;
}

void unmap_boot_page(Pfn pfn) {
  if (!(boot_mapping_entry(reinterpret_cast<u64>(boot_va(pfn))) & pte_present)) return;
  long r = boot_map(boot_va(pfn), 0);
  if (r) panic("cannot unmap bootstrap page %lx: %ld", pfn, r);
}
