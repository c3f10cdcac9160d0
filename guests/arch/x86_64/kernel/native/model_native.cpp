// Memory on the bare machine: this kernel owns all of it, nobody takes or gives any. Page tables hold machine
// frames and are plain memory.
#include "../kernel_window.h"
#include "../table_ops.h"
#include "guests/kernel/contiguous.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/memory_model.h"
#include "guests/kernel/native/ram.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/panic.h"
#include "guests/lib/string.h"
#include "instructions.h"

extern "C" {
extern const char image_end[];
extern u64 native_l4[table_entries], native_l3[table_entries], native_l2[table_entries];
}

namespace {
constexpr Pfn mapped_at_boot = (1ull << 30) / page_bytes;
constexpr Pfn direct_map_frames = (window_base - direct_map_base) / page_bytes;
constexpr u64 kernel_table = pte_present | pte_writable;

DirectMapTables tables;

u64 root_of_kernel() { return boot_va_frame(native_l4); }

u64* table_va(u64 table) { return static_cast<u64*>(frame_va(ram_guest_frame(table))); }

long write_entry(u64 table, unsigned index, u64 entry) {
  __atomic_store_n(&table_va(table)[index], entry, __ATOMIC_RELEASE);
  return 0;
}
long set_writable(Pfn, bool) { return 0; }
// The processor stays on a user root in kernel mode: its upper half is the kernel's.
long open_root(u64 root) {
  constexpr unsigned half = table_entries / 2;
  memcpy(table_va(root) + half, native_l4 + half, half * sizeof(u64));
  return 0;
}
long close_root(u64) { return 0; }
long load_root(u64 root) {
  write_cr3((root ? root : root_of_kernel()) << page_shift);
  return 0;
}
constexpr TableOps ops = {false, write_entry, set_writable, open_root, close_root, load_root, flush_page};

// The direct map's tables and the frame allocator's lie behind the image, in memory that is mapped already:
// that limits how much can be used.
Pfn usable_frames() {
  const RamPiece& low = ram_of_image();
  Pfn all = ram_end(), low_end = low.pfn + low.count;
  u64 room = min_of(low_end, mapped_at_boot) - boot_va_frame(image_end);
  u64 frames_per_page = page_bytes / (sizeof(u64) + sizeof(FrameInfo));
  Pfn most = min_of(room / 2 * frames_per_page, direct_map_frames);
  if (all > most) print_line("kernel: %lu MiB of memory are not used", (all - most) * page_bytes / MiB);
  return min_of(all, most);
}

u64* boot_entries(Pfn table) { return static_cast<u64*>(boot_va(table)); }

void fill_entries(Pfn at, Pfn first_child, u64 count) {
  for (u64 i = 0; i < count; i++) boot_entries(at)[i] = make_pte(first_child + i, kernel_table);
}

// The tables lie side by side, so each level is one array.
void build_tables(Pfn limit) {
  memset(boot_va(tables.l3), 0, (tables.end - tables.l3) * page_bytes);
  fill_entries(tables.l3, tables.l2, tables.window_l2 - tables.l2);
  boot_entries(tables.l3)[table_index(window_base, 3)] = make_pte(tables.window_l2, kernel_table);
  fill_entries(tables.l2, tables.l1, tables.window_l1 - tables.l1);
  fill_entries(tables.window_l2, tables.window_l1, window_tables);
  for (const RamPiece& p : ram_pieces())
    for (u64 n = 0; n < p.count && p.pfn + n < limit; n++)
      boot_entries(tables.l1)[p.pfn + n] = make_pte(p.machine + n, pte_kernel | pte_no_execute);
  native_l4[table_index(direct_map_base, 4)] = make_pte(tables.l3, kernel_table);
}

// Of what was mapped to get here the image's own 2 MiB pages stay.
void drop_boot_mappings() {
  native_l4[0] = native_l3[0] = 0;
  u64 image_pages = div_up(boot_va_frame(image_end), table_entries);
  memset(native_l2 + image_pages, 0, (table_entries - image_pages) * sizeof(u64));
  load_root(0);
}

BootFrames boot() {
  table_ops = ops;
  BootFrames frames{};
  frames.given = frames.limit = usable_frames();
  tables = plan_direct_map(boot_va_frame(image_end), frames.limit);
  frames.first_taken = 1;  // below lie gaps: reclaim knows which
  frames.end_taken = tables.end;
  const RamPiece& low = ram_of_image();
  if (tables.end >= min_of(low.pfn + low.count, mapped_at_boot))
    panic("%lu frames are too few for this kernel's tables", low.count);
  build_tables(frames.limit);
  drop_boot_mappings();
  return frames;
}

ModelResult nobody_there(const Pfn*, unsigned) { return {0, -XEN_ENOSYS}; }
ModelResult nobody_gives(Pfn*, unsigned) { return {0, -XEN_ENOSYS}; }
void* no_foreign_frames(unsigned, const Mfn*, unsigned, bool, long& error) {
  error = -XEN_ENOSYS;
  return nullptr;
}

// The window's L1 tables are neighbours in the direct map too.
void set_window(unsigned slot, u64 entry) {
  auto* entries = static_cast<u64*>(frame_va(tables.window_l1));
  __atomic_store_n(&entries[slot], entry, __ATOMIC_RELEASE);
}

void* map_device(u64 machine_address, u64 bytes, long& error) {
  u64 offset = machine_address % page_bytes;
  auto count = static_cast<unsigned>(div_up(offset + bytes, page_bytes));
  s64 taken = window_take(count);
  error = taken < 0 ? -XEN_ENOSPC : 0;
  if (error) return nullptr;
  auto slot = static_cast<unsigned>(taken);
  for (unsigned i = 0; i < count; i++)
    set_window(slot + i,
               make_pte(machine_address / page_bytes + i, pte_kernel | pte_uncached | pte_no_execute));
  return static_cast<u8*>(window_va(slot)) + offset;
}

void unmap_window(void* va, unsigned count) {
  unsigned slot = window_slot(va);
  for (unsigned i = 0; i < count; i++) {
    set_window(slot + i, 0);
    flush_page(reinterpret_cast<u64>(window_va(slot + i)));
  }
  window_give(slot, count);
}

void* device_page() {
  Pfn frame = frames_alloc();
  return frame == invalid_frame ? nullptr : frame_va(frame);
}
void* device_pages(unsigned count) { return contiguous_pages(count, nullptr); }
u64 device_address(const void* va) {
  if (reinterpret_cast<u64>(va) - direct_map_base >= window_base - direct_map_base) return 0;
  return ram_machine(va_frame(va)) * page_bytes + reinterpret_cast<u64>(va) % page_bytes;
}
}  // namespace

extern const MemoryModel model_native;
constexpr MemoryModel model_native = {"native",        boot,         ram_give_below_image, ram_machine,
                                      ram_guest_frame, nobody_there, nobody_gives,         no_foreign_frames,
                                      map_device,      unmap_window, device_page,          device_address,
                                      nullptr,         nullptr,      device_pages};
