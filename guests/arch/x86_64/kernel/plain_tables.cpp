#include "plain_tables.h"

#include "guests/kernel/memory_model.h"
#include "guests/lib/boot.h"
#include "table_ops.h"

namespace {
// Where a table is written before the direct map is there: a page of the image lends its address.
alignas(page_bytes) [[gnu::section(".bss.pages")]] u8 table_page[page_bytes];

DirectMapTables tables;
bool direct_map_ready;

long write_entry(u64 table, unsigned index, u64 entry) {
  u64* entries = reinterpret_cast<u64*>(table_page);
  if (direct_map_ready)
    entries = static_cast<u64*>(frame_va(model_guest_frame(table)));
  else if (long error = boot_map(table_page, make_pte(table, pte_kernel)))
    return error;
  __atomic_store_n(&entries[index], entry, __ATOMIC_RELEASE);
  return 0;
}
long set_writable(Pfn, bool) { return 0; }  // tables may be written by anybody who may write their frames
long root_as_it_is(u64) { return 0; }
// A new root brings no old translations.
long load_root(u64 root) { return mmuext_simple(MMUEXT_NEW_USER_BASEPTR, root); }
void forget_page(u64 va) { mmuext_simple(MMUEXT_INVLPG_LOCAL, va); }

constexpr TableOps ops = {false,         write_entry, set_writable, root_as_it_is,
                          root_as_it_is, load_root,   forget_page};

u64& window_entry(unsigned slot) {
  auto* table = static_cast<u64*>(frame_va(tables.window_l1 + slot / table_entries));
  return table[slot % table_entries];
}

void set_window(unsigned slot, u64 entry) { __atomic_store_n(&window_entry(slot), entry, __ATOMIC_RELEASE); }

u64 shown(unsigned slot) {
  const u64 entry = window_entry(slot);
  return entry & pte_present ? pte_frame(entry) : invalid_frame;
}

Pfn stack_of_builder() {
  return boot_va_frame(reinterpret_cast<void*>(boot_info->pt_base)) + boot_info->nr_pt_frames;
}
}  // namespace

Pfn plain_tables_place() { return stack_of_builder() + 1; }

void plain_tables_build(Pfn first, FrameNumbers numbers, Pfn limit, bool large) {
  table_ops = ops;
  tables = plan_direct_map(first, limit, large);
  // A frame that is not there faults, whatever the entry says: none has to change when one goes or comes.
  build_direct_map(tables, numbers, limit, limit, 0, 0);
  direct_map_ready = true;
}

void plain_tables_reclaim(Pfn image_first, void (*give)(Pfn first, u64 count)) {
  for (Pfn p = 0; p < image_first; p++) unmap_boot_page(p);
  unmap_boot_page(stack_of_builder());
  give(stack_of_builder(), 1);
}

void window_show(unsigned slot, u64 frame, bool writable) {
  set_window(slot, make_pte(frame, (writable ? pte_kernel : pte_kernel_ro) | pte_no_execute));
}

// What the hypervisor takes away is used by nobody any more: no flush is asked for.
u64 window_hide(unsigned slot) {
  const u64 frame = shown(slot);
  set_window(slot, 0);
  return frame;
}

void window_forget(unsigned slot) {
  mmuext_simple(MMUEXT_INVLPG_ALL, reinterpret_cast<u64>(window_va(slot)));
}

const MachineMap* plain_machine_map() {
  static MachineMap map;
  if (map.count) return &map;
  const auto entries = [](Pfn table) { return static_cast<const u64*>(frame_va(table)); };
  map.ranges[0] = {window_base,
                   u64{window_pages} * page_bytes,
                   0,
                   nullptr,
                   entries(tables.window_l1),
                   pte_present,
                   pte_present,
                   pte_frame_mask,
                   page_shift};
  map.ranges[1] = {direct_map_base,
                   (tables.window_l1 - tables.l1) * table_entries * page_bytes,
                   0,
                   nullptr,
                   entries(tables.l1),
                   pte_present,
                   pte_present,
                   pte_frame_mask,
                   page_shift};
  map.count = 2;
  return &map;
}

void* plain_map_device(u64 machine_address, u64 bytes, long& error) {
  const u64 offset = machine_address % page_bytes;
  const auto count = static_cast<unsigned>(div_up(offset + bytes, page_bytes));
  const s64 slot = window_take(count);
  error = slot < 0 ? -XEN_ENOSPC : 0;
  if (error) return nullptr;
  for (unsigned i = 0; i < count; i++)
    set_window(static_cast<unsigned>(slot) + i,
               make_pte(machine_address / page_bytes + i, pte_kernel | pte_uncached | pte_no_execute));
  return static_cast<u8*>(window_va(static_cast<unsigned>(slot))) + offset;
}
