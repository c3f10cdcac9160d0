#include "guests/kernel/identity_frames.h"

#include "guests/kernel/frames.h"
#include "guests/kernel/native/ram.h"
#include "guests/lib/errno.h"
#include "guests/lib/hypercall.h"
#include "guests/lib/panic.h"
#include "hypervisor/abi/grants.h"
#include "kernel/kernel_window.h"

namespace {
struct MachineRange {
  u64 start, bytes;
  u32 type;
} __attribute__((packed));
constexpr u32 machine_ram = 1;

// --- the balloon -----------------------------------------------------------------------------------------
long change_reservation(unsigned operation, xen_pfn_t* list, unsigned count) {
  xen_memory_reservation r{};
  set_xen_guest_handle(r.extent_start, list);
  r.nr_extents = count;
  r.domid = DOMID_SELF;
  return hypercall_memory_op(operation, &r);
}

ModelResult result(long done, unsigned count) {
  if (done < 0) return {0, done};
  return {static_cast<u64>(done), static_cast<unsigned>(done) < count ? -XEN_ENOMEM : 0};
}

}  // namespace

ModelResult identity_release(const Pfn* frames, unsigned count) {
  xen_pfn_t list[model_batch];
  for (unsigned i = 0; i < count; i++) list[i] = ram_machine(frames[i]);
  return result(change_reservation(XENMEM_decrease_reservation, list, count), count);
}

// What this kernel's tables have no room for goes back.
ModelResult identity_accept(Pfn* frames, unsigned count) {
  xen_pfn_t list[model_batch] = {};
  const ModelResult r = result(change_reservation(XENMEM_populate_physmap, list, count), count);
  u64 kept = 0;
  for (u64 i = 0; i < r.done; i++) {
    const Pfn pfn = ram_guest_frame(list[i]);
    if (pfn < frame_counts().limit)
      frames[kept++] = pfn;
    else
      change_reservation(XENMEM_decrease_reservation, &list[i], 1);
  }
  return {kept, kept < r.done ? -XEN_ENOSPC : r.error};
}

namespace {
// --- other domains' frames -------------------------------------------------------------------------------
// A frame that is mapped again while it is: the hypervisor counts it once.
struct Again {
  Mfn frame;
  unsigned times;
} again[64];

bool note_again(Mfn frame) {
  Again* free = nullptr;
  for (Again& a : again) {
    if (a.times && a.frame == frame) return ++a.times;
    if (!a.times) free = &a;
  }
  if (free) *free = {frame, 1};
  return free;
}

bool still_mapped(Mfn frame) {
  for (Again& a : again)
    if (a.times && a.frame == frame) return a.times--;
  return false;
}

// The hypervisor drops what is cached of a frame that goes.
void let_go(unsigned slot, Mfn frame) {
  if (still_mapped(frame)) return window_forget(slot);
  xen_remove_from_physmap_t request{DOMID_SELF, frame};
  hypercall_memory_op(XENMEM_remove_from_physmap, &request);
}

void hide(unsigned slot, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    const Mfn frame = window_hide(slot + i);
    if (frame != invalid_frame) let_go(slot + i, frame);
  }
}

// At most model_batch of them. All, or an error.
long show(unsigned domain, unsigned slot, const Mfn* names, unsigned count, bool writable) {
  xen_ulong_t of[model_batch];
  xen_pfn_t where[model_batch] = {};
  int errors[model_batch];
  for (unsigned i = 0; i < count; i++) of[i] = names[i], errors[i] = -XEN_EFAULT;  // until it is done
  xen_add_to_physmap_batch_t batch{};
  batch.domid = DOMID_SELF;
  batch.space = XENMAPSPACE_gmfn_foreign;
  batch.size = static_cast<u16>(count);
  batch.u.foreign_domid = static_cast<domid_t>(domain);
  set_xen_guest_handle(batch.idxs, of);
  set_xen_guest_handle(batch.gpfns, where);
  set_xen_guest_handle(batch.errs, errors);
  long error = hypercall_memory_op(XENMEM_add_to_physmap_batch, &batch);
  for (unsigned i = 0; i < count; i++) {
    if (errors[i] == -XEN_EEXIST) errors[i] = note_again(where[i]) ? 0 : -XEN_ENOSPC;
    if (!errors[i]) window_show(slot + i, where[i], writable);
    if (!error) error = errors[i];
  }
  return error;
}

}  // namespace

void* identity_map_foreign(unsigned domain, const Mfn* names, unsigned count, bool writable, long& error) {
  const s64 slot = window_take(count);
  error = slot < 0 ? -XEN_ENOSPC : 0;
  const auto first = static_cast<unsigned>(slot);
  for (unsigned at = 0; !error && at < count; at += model_batch)
    error = show(domain, first + at, names + at, min_of(count - at, model_batch), writable);
  if (!error) return window_va(first);
  if (slot < 0) return nullptr;
  hide(first, count);
  window_give(first, count);
  return nullptr;
}

void identity_unmap_window(void* va, unsigned count) {
  if (!in_window(va)) return;  // a device's registers
  hide(window_slot(va), count);
  window_give(window_slot(va), count);
}

// --- grants: the hypervisor says where the frame is ------------------------------------------------------
void* identity_take_places(unsigned count, u64* places) {
  const s64 slot = window_take(count);
  for (unsigned i = 0; slot >= 0 && i < count; i++) places[i] = 0;
  return slot < 0 ? nullptr : window_va(static_cast<unsigned>(slot));
}

void identity_give_places(void* va, unsigned count) {
  for (unsigned i = 0; i < count; i++) window_hide(window_slot(va) + i);
  window_give(window_slot(va), count);
}

void* identity_shown_at(void* va, const u64* places, bool writable, unsigned count) {
  for (unsigned i = 0; i < count; i++) window_show(window_slot(va) + i, places[i] >> page_shift, writable);
  return va;
}

void identity_surrender(const Pfn* frames, u64* numbers, unsigned count) {
  for (unsigned i = 0; i < count; i++) numbers[i] = ram_machine(frames[i]);
}

// What has come is another frame than what has gone.
void identity_put_in(Pfn* frames, const u64* numbers, unsigned count) {
  for (unsigned i = 0; i < count; i++)
    if (ram_guest_frame(numbers[i]) != frames[i]) frames_mark(frames[i], FrameState::Absent);
  for (unsigned i = 0; i < count; i++) {
    const Pfn pfn = ram_guest_frame(numbers[i]);
    if (pfn >= frame_counts().limit)
      panic("frame %lx has come, which these tables have no room for", numbers[i]);
    if (pfn == frames[i]) continue;
    frames_mark(pfn, FrameState::Used);
    frame_info(pfn).run = 1;
    frames[i] = pfn;
  }
}

// Only a privileged domain is told; another one never has more than it began with.
void identity_number_rest_of_machine() {
  static MachineRange ranges[64];
  xen_memory_map_t map{};
  map.nr_entries = count_of(ranges);
  set_xen_guest_handle(map.buffer, ranges);
  if (hypercall_memory_op(XENMEM_machine_memory_map, &map)) return;
  for (unsigned i = 0; i < map.nr_entries; i++)
    if (ranges[i].type == machine_ram) ram_add_absent(ranges[i].start, ranges[i].start + ranges[i].bytes);
}
