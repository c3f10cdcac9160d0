// Memory model `direct`: the guest's page tables hold machine frames; it keeps a P2M of its own and reads the
// hypervisor's M2P. What each operation must do to which table: Xen's public memory.h and arch-x86/xen.h.
#include "guests/kernel/memory_model.h"

#include "grant_place.h"
#include "guests/kernel/contiguous.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/granted.h"
#include "guests/kernel/machine_map.h"
#include "guests/lib/boot.h"
#include "guests/lib/panic.h"
#include "guests/lib/string.h"
#include "kernel_window.h"
#include "table_ops.h"
#include "taps.h"

extern "C" char image_start[], image_end[];

namespace {
constexpr u64 entries_per_page = page_bytes / sizeof(u64);

// P2M and its publication, read by tools and observers:
//   shared_info.arch.pfn_to_mfn_frame_list_list -> [ MFN of list ] -> [ MFN of P2M page ] -> [ MFN of frame ]
struct P2mFrames {
  Pfn table, lists, list_list, end;
};

u64* p2m;  // one entry per Pfn below `frames.limit`
BootFrames frames;
P2mFrames published;
DirectMapTables tables;

P2mFrames plan_p2m(Pfn first, Pfn limit) {
  P2mFrames f{};
  f.table = first;
  u64 table_pages = div_up(limit, entries_per_page);
  f.lists = f.table + table_pages;
  f.list_list = f.lists + div_up(table_pages, entries_per_page);
  f.end = f.list_list + 1;
  return f;
}

void set_p2m(Pfn pfn, u64 value) { tap_store_p2m(&p2m[pfn], value); }

void fill_p2m(const u64* initial) {
  p2m = static_cast<u64*>(frame_va(published.table));
  u64 entries = (published.lists - published.table) * entries_per_page;
  for (u64 pfn = 0; pfn < entries; pfn++) set_p2m(pfn, pfn < frames.given ? initial[pfn] : invalid_frame);
}

void publish_p2m() {
  u64 pages = published.lists - published.table;
  auto* lists = static_cast<u64*>(frame_va(published.lists));
  memset(lists, 0, (published.list_list - published.lists) * page_bytes);
  for (u64 i = 0; i < pages; i++) lists[i] = p2m[published.table + i];
  auto* list_list = static_cast<u64*>(frame_va(published.list_list));
  memset(list_list, 0, page_bytes);
  for (Pfn f = published.lists; f < published.list_list; f++) list_list[f - published.lists] = p2m[f];
  shared_info_page->arch.max_pfn = frames.limit;
  __atomic_store_n(&shared_info_page->arch.pfn_to_mfn_frame_list_list, p2m[published.list_list],
                   __ATOMIC_RELEASE);
}

// The toolstack has written the P2M; nobody has been told.
void tell_p2m() {
  for (Pfn pfn = 0; pfn < frames.limit; pfn++) set_p2m(pfn, p2m[pfn]);
  publish_p2m();
}

u64 direct_map_pte_address(Pfn pfn) {
  return (p2m[tables.l1 + pfn / table_entries] << page_shift) + pfn % table_entries * sizeof(u64);
}

unsigned update_entries(mmu_update_t* requests, unsigned count, unsigned domain, long& error) {
  unsigned done = 0;
  error = hypercall_mmu_update(requests, count, &done, domain);
  if (error >= 0) {
    error = 0;
    return count;
  }
  return min_of(done, count);
}

// A stale translation would keep the frame in use after it is given away.
void flush_all_cpus() { mmuext_simple(MMUEXT_TLB_FLUSH_ALL, 0); }

void map_frames(const Pfn* list, const Mfn* machine, unsigned count) {
  mmu_update_t requests[model_batch];
  for (unsigned i = 0; i < count; i++) {
    set_p2m(list[i], machine[i]);
    requests[i] = {direct_map_pte_address(list[i]), make_pte(machine[i], pte_kernel)};
  }
  long error;
  if (count && update_entries(requests, count, DOMID_SELF, error) != count)
    panic("cannot map frames that this domain owns: %ld", error);
}

xen_memory_reservation reservation(Mfn* list, unsigned count) {
  xen_memory_reservation r{};
  set_xen_guest_handle(r.extent_start, list);
  r.nr_extents = count;
  r.domid = DOMID_SELF;
  return r;
}

u64 window_pte_address(unsigned slot) {
  return (p2m[tables.window_l1 + slot / table_entries] << page_shift) + slot % table_entries * sizeof(u64);
}

long fill_window(unsigned slot, const Mfn* list, unsigned count, u64 flags, unsigned domain) {
  mmu_update_t requests[model_batch];
  long error = 0;
  for (unsigned at = 0; at < count && !error; at += model_batch) {
    unsigned n = min_of(count - at, model_batch);
    for (unsigned i = 0; i < n; i++)
      requests[i] = {window_pte_address(slot + at + i), make_pte(list[at + i], flags)};
    update_entries(requests, n, domain, error);
  }
  return error;
}

void unmap_window(void* va, unsigned count);

void* map_window(const Mfn* list, unsigned count, u64 flags, unsigned domain, long& error) {
  s64 slot = window_take(count);
  if (slot < 0) {
    error = -XEN_ENOSPC;
    return nullptr;
  }
  void* va = window_va(static_cast<unsigned>(slot));
  error = fill_window(static_cast<unsigned>(slot), list, count, flags, domain);
  if (!error) return va;
  unmap_window(va, count);
  return nullptr;
}

Mfn machine(Pfn pfn) { return pfn < frames.limit ? p2m[pfn] : invalid_frame; }
Pfn guest_frame(Mfn mfn) { return machine_to_phys_mapping[mfn]; }

long write_entry(u64 table, unsigned index, u64 entry) {
  mmu_update_t request{(table << page_shift) + index * sizeof(u64), entry};
  long r = hypercall_mmu_update(&request, 1, nullptr, DOMID_SELF);
  return r < 0 ? r : 0;
}

long set_writable(Pfn pfn, bool writable) {
  mmu_update_t request{direct_map_pte_address(pfn),
                       make_pte(p2m[pfn], writable ? pte_kernel : pte_kernel_ro)};
  long error;
  update_entries(&request, 1, DOMID_SELF, error);
  // A stale read-only entry would fault on any VCPU; a stale writable one matters only where it was used just
  // now (the hypervisor flushes by itself what it needs for the change of type).
  u32 flush = writable ? MMUEXT_INVLPG_ALL : MMUEXT_INVLPG_LOCAL;
  if (!error) error = mmuext_simple(flush, reinterpret_cast<u64>(frame_va(pfn)));
  return error;
}

long open_root(u64 root) { return mmuext_simple(MMUEXT_PIN_L4_TABLE, root); }
long close_root(u64 root) { return mmuext_simple(MMUEXT_UNPIN_TABLE, root); }

// User entries are global to the hypervisor (they survive its switches between kernel and user root), so the
// old space's translations must be flushed explicitly.
long load_root(u64 root) {
  mmuext_op_t ops[2]{};
  ops[0].cmd = MMUEXT_NEW_USER_BASEPTR;
  ops[0].arg1.mfn = root;
  ops[1].cmd = MMUEXT_TLB_FLUSH_LOCAL;
  long r = hypercall_mmuext_op(ops, root ? 2 : 1, nullptr, DOMID_SELF);
  return r < 0 ? r : 0;
}
void forget_page(u64 va) { mmuext_simple(MMUEXT_INVLPG_LOCAL, va); }

constexpr TableOps ops = {true, write_entry, set_writable, open_root, close_root, load_root, forget_page};

BootFrames boot() {
  table_ops = ops;
  auto* initial = reinterpret_cast<const u64*>(boot_info->mfn_list);
  Pfn pt_first = boot_va_frame(reinterpret_cast<void*>(boot_info->pt_base));
  Pfn boot_end = pt_first + boot_info->nr_pt_frames + 1;  // the builder's stack page comes last
  frames.given = boot_info->nr_pages;
  frames.limit = model_reservation_limit();
  tables = plan_direct_map(boot_end, frames.limit);
  published = plan_p2m(tables.end, frames.limit);
  frames.first_taken = boot_va_frame(image_start);
  frames.end_taken = published.end;
  if (frames.end_taken >= frames.given)
    panic("%lu frames are too few for this kernel's tables", frames.given);
  // The builder maps some spare pages behind its own: new page tables must have no writable mapping left.
  for (Pfn p = boot_end; boot_mapping_entry(reinterpret_cast<u64>(boot_va(p))) & pte_present; p++)
    unmap_boot_page(p);
  build_direct_map(tables, {initial, nullptr}, frames.given, frames.limit, pt_first,
                   pt_first + boot_info->nr_pt_frames);
  fill_p2m(initial);
  publish_p2m();
  return frames;
}

void reclaim(void (*give)(Pfn first, u64 count)) {
  Pfn list_first = boot_va_frame(reinterpret_cast<void*>(boot_info->mfn_list));
  u64 list_pages = div_up(frames.given * sizeof(u64), page_bytes);
  for (Pfn p = 0; p < frames.first_taken; p++) unmap_boot_page(p);
  for (Pfn p = list_first; p < list_first + list_pages; p++) unmap_boot_page(p);
  give(list_first, list_pages);
  Pfn stack = boot_va_frame(reinterpret_cast<void*>(boot_info->pt_base)) + boot_info->nr_pt_frames;
  unmap_boot_page(stack);
  give(stack, 1);
}

ModelResult release(const Pfn* list, unsigned count) {
  mmu_update_t requests[model_batch];
  Mfn machine[model_batch];
  for (unsigned i = 0; i < count; i++) {
    machine[i] = p2m[list[i]];
    requests[i] = {direct_map_pte_address(list[i]), 0};
  }
  long error;
  unsigned unmapped = update_entries(requests, count, DOMID_SELF, error);
  flush_all_cpus();
  for (unsigned i = 0; i < unmapped; i++) set_p2m(list[i], invalid_frame);
  auto r = reservation(machine, unmapped);
  long done = hypercall_memory_op(XENMEM_decrease_reservation, &r);
  if (done < 0) error = done, done = 0;
  // What the hypervisor did not take is still ours.
  map_frames(list + done, machine + done, unmapped - static_cast<unsigned>(done));
  return {static_cast<u64>(done), error};
}

ModelResult accept(Pfn* list, unsigned count) {
  Mfn machine[model_batch];
  for (unsigned i = 0; i < count; i++) machine[i] = list[i];  // in: guest frames, out: machine frames
  auto r = reservation(machine, count);
  long done = hypercall_memory_op(XENMEM_populate_physmap, &r);
  if (done < 0) return {0, done};
  map_frames(list, machine, static_cast<unsigned>(done));
  return {static_cast<u64>(done), static_cast<unsigned>(done) < count ? -XEN_ENOMEM : 0};
}

void* map_foreign(unsigned domain, const Mfn* list, unsigned count, bool writable, long& error) {
  return map_window(list, count, (writable ? pte_kernel : pte_kernel_ro) | pte_no_execute, domain, error);
}

void* map_device(u64 machine_address, u64 bytes, long& error) {
  Mfn list[16];
  u64 offset = machine_address % page_bytes;
  u64 count = div_up(offset + bytes, page_bytes);
  if (count > count_of(list)) {
    error = -XEN_EINVAL;
    return nullptr;
  }
  for (u64 i = 0; i < count; i++) list[i] = machine_address / page_bytes + i;
  u64 flags = pte_kernel | pte_uncached | pte_no_execute;
  void* va = map_window(list, static_cast<unsigned>(count), flags, DOMID_SELF, error);
  // Device frames belong to DOMID_IO; hypervisors differ in whether that must be said.
  if (!va) va = map_window(list, static_cast<unsigned>(count), flags, DOMID_IO, error);
  return va ? static_cast<u8*>(va) + offset : nullptr;
}

void unmap_window(void* va, unsigned count) {
  unsigned slot = window_slot(va);
  for (unsigned i = 0; i < count; i++) {
    mmu_update_t request{window_pte_address(slot + i), 0};
    long error;
    update_entries(&request, 1, DOMID_SELF, error);
  }
  flush_all_cpus();
  window_give(slot, count);
}

// A device names machine addresses, and so does the P2M: any frame will do.
void* device_page() {
  Pfn frame = frames_alloc();
  return frame == invalid_frame ? nullptr : frame_va(frame);
}

// The P2M for all memory, and for places in the window their entries, whoever put them there.
const MachineMap* machine_map() {
  static MachineMap map;
  if (map.count) return &map;
  const auto* window_entries = static_cast<const u64*>(frame_va(tables.window_l1));
  map.ranges[0] = {window_base,
                   u64{window_pages} * page_bytes,
                   0,
                   nullptr,
                   window_entries,
                   pte_present,
                   pte_present,
                   pte_frame_mask,
                   page_shift};
  map.ranges[1] = {direct_map_base, frames.limit * page_bytes, 0, nullptr, p2m, 1ull << 63, 0, ~0ull, 0};
  map.count = 2;
  return &map;
}

// --- grants: the hypervisor writes the window's entry, and takes it away --------------------------------
void* take_places(unsigned count, u64* places) {
  const s64 slot = window_take(count);
  for (unsigned i = 0; slot >= 0 && i < count; i++)
    places[i] = reinterpret_cast<u64>(window_va(static_cast<unsigned>(slot) + i));
  return slot < 0 ? nullptr : window_va(static_cast<unsigned>(slot));
}
void give_places(void* va, unsigned count) { window_give(window_slot(va), count); }
void* shown_at(void* va, const u64*, bool, unsigned) { return va; }
u64 accept_as(Pfn) { return 0; }

void adopt(Pfn* list, const u64* numbers, unsigned count) {
  mmu_update_t updates[model_batch];
  for (unsigned i = 0; i < count; i++) updates[i] = {numbers[i] << page_shift | MMU_MACHPHYS_UPDATE, list[i]};
  long error;
  if (update_entries(updates, count, DOMID_SELF, error) != count)
    panic("frames that were given are refused: %ld", error);
  map_frames(list, numbers, count);
}

// The M2P says so already.
void put_in(Pfn* list, const u64* numbers, unsigned count) { map_frames(list, numbers, count); }

void give_up(const Pfn* list, u64* numbers, unsigned count, bool forget) {
  mmu_update_t requests[2 * model_batch];
  for (unsigned i = 0; i < count; i++) {
    numbers[i] = p2m[list[i]];
    requests[i] = {direct_map_pte_address(list[i]), 0};
    if (forget) requests[count + i] = {numbers[i] << page_shift | MMU_MACHPHYS_UPDATE, invalid_frame};
  }
  const unsigned updates = forget ? 2 * count : count;
  long error;
  if (update_entries(requests, updates, DOMID_SELF, error) != updates)
    panic("frames of this domain cannot be unmapped: %ld", error);
  for (unsigned i = 0; i < count; i++) set_p2m(list[i], invalid_frame);
  flush_all_cpus();
}

// The M2P is the hypervisor's affair when the frame goes.
void surrender(const Pfn* list, u64* numbers, unsigned count) { give_up(list, numbers, count, false); }
// ... and ours while it may stay: what the P2M has not, the M2P has not.
void offer(const Pfn* list, u64* numbers, unsigned count) { give_up(list, numbers, count, true); }

bool exchange(Pfn first, unsigned count) {
  Pfn list[model_batch]{};
  Mfn numbers[model_batch]{}, got;
  for (unsigned i = 0; i < count; i++) list[i] = first + i;
  surrender(list, numbers, count);
  const bool done = !exchange_for_run(numbers, count, first, got);
  for (unsigned i = 0; done && i < count; i++) numbers[i] = got + i;
  map_frames(list, numbers, count);
  return done;
}
void* device_pages(unsigned count) { return contiguous_pages(count, exchange); }

const GrantOps grant_ops = {grant_place, take_places, give_places, 0,     shown_at, accept_as,
                            adopt,       put_in,      surrender,   offer, false};
}  // namespace

extern const MemoryModel model_direct;
constexpr MemoryModel model_direct = {
    "direct",    boot,        reclaim,      machine,      guest_frame, release,
    accept,      map_foreign, map_device,   unmap_window, device_page, mapped_device_address,
    machine_map, &grant_ops,  device_pages, nullptr,      tell_p2m};
