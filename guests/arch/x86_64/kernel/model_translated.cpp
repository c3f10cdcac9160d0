// Memory model `translated`: page tables hold guest frames and are plain memory; the P2M is the hypervisor's,
// and no machine address is known here, but for some frames that devices may use
// (XENMEM_reserved_device_memory_map).
//
//   guest frames   [0, limit)                   this guest's memory; the direct map maps all of it, there or
//   not
//                  [identity, + count)          frames whose number is their machine frame number: for
//                  devices [foreign_first, + window)    where frames of other domains are placed, one for
//                  each window page device registers             at their machine frame numbers
#include "guests/kernel/memory_model.h"

#include "grant_place.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/granted.h"
#include "guests/kernel/machine_map.h"
#include "guests/kernel/translated_frames.h"
#include "guests/lib/boot.h"
#include "guests/lib/panic.h"
#include "guests/lib/string.h"
#include "table_ops.h"
#include "window.h"

extern "C" char image_start[], image_end[];

namespace {
// Where a table is written before the direct map is there: a page of the image lends its address.
alignas(page_bytes) [[gnu::section(".bss.pages")]] u8 table_page[page_bytes];

BootFrames frames;
DirectMapTables tables;
bool direct_map_ready;
Pfn foreign_first;
IdentityFrames identity;
u64 identity_used;
unsigned identity_slot;  // first page of the window that shows them

long write_entry(u64 table, unsigned index, u64 entry) {
  u64* entries = static_cast<u64*>(frame_va(table));
  if (!direct_map_ready) {
    entries = reinterpret_cast<u64*>(table_page);
    if (long error = boot_map(table_page, make_pte(table, pte_kernel))) return error;
  }
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

void show_identity_frames() {
  s64 slot = window_take(static_cast<unsigned>(identity.count));
  if (slot < 0) panic("no addresses for the frames of devices");
  identity_slot = static_cast<unsigned>(slot);
  for (unsigned i = 0; i < identity.count; i++)
    set_window(identity_slot + i, make_pte(identity.first + i, pte_kernel | pte_no_execute));
}

BootFrames build() {
  table_ops = ops;
  Pfn pt_first = boot_va_frame(reinterpret_cast<void*>(boot_info->pt_base));
  frames.given = boot_info->nr_pages;
  frames.limit = model_reservation_limit();
  frames.extra = identity.count;
  tables = plan_direct_map(pt_first + boot_info->nr_pt_frames + 1,
                           frames.limit);  // behind the builder's stack page
  frames.first_taken = boot_va_frame(image_start);
  frames.end_taken = tables.end;
  if (frames.end_taken >= frames.given)
    panic("%lu frames are too few for this kernel's tables", frames.given);
  // A frame that is not there faults, whatever the entry says: none has to change when one goes or comes.
  build_direct_map(tables, {nullptr}, frames.limit, frames.limit, 0, 0);
  direct_map_ready = true;
  if (identity.count) show_identity_frames();
  return frames;
}

BootFrames boot() {
  identity = translated_identity_frames();
  foreign_first = translated_foreign_first(identity);
  return build();
}

// Devices reach everything, so no frames are set aside for them.
BootFrames boot_with_pmt() {
  foreign_first = translated_foreign_near(model_reservation_limit());
  return build();
}

// The builder's page tables stay in use as the kernel's root; its stack does not.
void reclaim(void (*give)(Pfn first, u64 count)) {
  for (Pfn p = 0; p < frames.first_taken; p++) unmap_boot_page(p);
  Pfn stack = boot_va_frame(reinterpret_cast<void*>(boot_info->pt_base)) + boot_info->nr_pt_frames;
  unmap_boot_page(stack);
  give(stack, 1);
}

Mfn machine(Pfn pfn) { return pfn; }
Pfn guest_frame(Mfn number) { return number; }

void unmap_window(void* va, unsigned count) {
  unsigned slot = window_slot(va);
  for (unsigned i = 0; i < count; i++) set_window(slot + i, 0);
  // What the hypervisor takes from the P2M is used by nobody any more: no flush is asked for.
  translated_unplace(foreign_first + slot, count);
  window_give(slot, count);
}

void* map_foreign(unsigned domain, const Mfn* list, unsigned count, bool writable, long& error) {
  s64 taken = window_take(count);
  error = -XEN_ENOSPC;
  if (taken < 0) return nullptr;
  auto slot = static_cast<unsigned>(taken);
  error = translated_place(domain, foreign_first + slot, list, count);
  if (error) {
    window_give(slot, count);
    return nullptr;
  }
  u64 flags = (writable ? pte_kernel : pte_kernel_ro) | pte_no_execute;
  for (unsigned i = 0; i < count; i++) set_window(slot + i, make_pte(foreign_first + slot + i, flags));
  return window_va(slot);
}

void* map_device(u64 machine_address, u64 bytes, long& error) {
  u64 offset = machine_address % page_bytes;
  auto count = static_cast<unsigned>(div_up(offset + bytes, page_bytes));
  s64 slot = window_take(count);
  error = slot < 0 ? -XEN_ENOSPC : 0;
  if (error) return nullptr;
  for (unsigned i = 0; i < count; i++)
    set_window(static_cast<unsigned>(slot) + i,
               make_pte(machine_address / page_bytes + i, pte_kernel | pte_uncached | pte_no_execute));
  return static_cast<u8*>(window_va(static_cast<unsigned>(slot))) + offset;
}

void* device_page() {
  return identity_used < identity.count ? window_va(identity_slot + static_cast<unsigned>(identity_used++))
                                        : nullptr;
}

// The frames for devices, whose numbers are their machine frames'.
const MachineMap* machine_map() {
  static MachineMap map;
  map.ranges[0] = {reinterpret_cast<u64>(window_va(identity_slot)), identity.count * page_bytes,
                   identity.first};
  map.count = 1;
  return &map;
}

// All that the table has: memory, and what is in the window's places.
const MachineMap* map_with_pmt() {
  static MachineMap map;
  if (map.count) return &map;
  const PmtTable& table = pmt_own(foreign_first + window_pages);
  map.ranges[0] = {window_base, u64{window_pages} * page_bytes, foreign_first, &table};
  map.ranges[1] = {direct_map_base, frames.limit * page_bytes, 0, &table};
  map.count = 2;
  return &map;
}

// --- grants: at guest frame numbers of the window's -----------------------------------------------------
void* take_places(unsigned count, u64* places) {
  const s64 slot = window_take(count);
  for (unsigned i = 0; slot >= 0 && i < count; i++)
    places[i] = (foreign_first + static_cast<unsigned>(slot) + i) * page_bytes;
  return slot < 0 ? nullptr : window_va(static_cast<unsigned>(slot));
}

void give_places(void* va, unsigned count) {
  for (unsigned i = 0; i < count; i++) set_window(window_slot(va) + i, 0);
  window_give(window_slot(va), count);
}

void* shown_at(void* va, const u64* places, bool writable, unsigned count) {
  const u64 flags = (writable ? pte_kernel : pte_kernel_ro) | pte_no_execute;
  for (unsigned i = 0; i < count; i++)
    set_window(window_slot(va) + i, make_pte(places[i] / page_bytes, flags));
  return va;
}

const GrantOps grant_ops = {grant_place,
                            take_places,
                            give_places,
                            0,
                            shown_at,
                            translated_accept_as,
                            translated_adopt,
                            translated_adopt,
                            translated_surrender,
                            translated_surrender,
                            false};
}  // namespace

extern const MemoryModel model_translated;
constexpr MemoryModel model_translated = {
    "translated",      boot,        reclaim,    machine,      guest_frame, translated_release,
    translated_accept, map_foreign, map_device, unmap_window, device_page, mapped_device_address,
    machine_map,       &grant_ops};

extern const MemoryModel model_with_pmt;
constexpr MemoryModel model_with_pmt = {
    "translated with PMT", boot_with_pmt,         reclaim,      machine,    guest_frame,
    translated_release,    translated_accept,     map_foreign,  map_device, unmap_window,
    pmt_device_page,       mapped_device_address, map_with_pmt, &grant_ops};
