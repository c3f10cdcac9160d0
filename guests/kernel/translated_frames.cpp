#include "guests/kernel/translated_frames.h"

#include "arch_cpu.h"
#include "guests/kernel/window.h"
#include "guests/lib/hypercall.h"
#include "guests/lib/panic.h"

namespace {
// Above devices, and free of RAM in any machine's low part.
constexpr Pfn foreign_places[] = {1ull << 28, 1ull << 29};
// Devices lie below 4 GiB, above memory.
constexpr Pfn first_device = (3ull << 30) / page_bytes, behind_devices = (4ull << 30) / page_bytes;
constexpr u64 hypervisor_frames = 64;  // shared_info is behind the memory

ModelResult change_reservation(unsigned operation, const Pfn* list, unsigned count, unsigned order = 0) {
  xen_pfn_t copy[model_batch];
  for (unsigned i = 0; i < count; i++) copy[i] = list[i];
  xen_memory_reservation r{};
  set_xen_guest_handle(r.extent_start, copy);
  r.nr_extents = count;
  r.extent_order = order;
  r.domid = DOMID_SELF;
  long done = hypercall_memory_op(operation, &r);
  if (done < 0) return {0, done};
  return {static_cast<u64>(done) << order, static_cast<unsigned>(done) < count ? -XEN_ENOMEM : 0};
}

bool overlaps(Pfn a, u64 a_count, Pfn b, u64 b_count) { return a < b + b_count && b < a + a_count; }

// Answers how many frames were placed.
unsigned place_batch(unsigned domain, Pfn first, const Mfn* list, unsigned count, long& error) {
  xen_ulong_t names[model_batch];
  xen_pfn_t places[model_batch];
  int errors[model_batch] = {};
  for (unsigned i = 0; i < count; i++) names[i] = list[i], places[i] = first + i;
  xen_add_to_physmap_batch_t batch{};
  batch.domid = DOMID_SELF;
  batch.space = XENMAPSPACE_gmfn_foreign;
  batch.size = static_cast<u16>(count);
  batch.u.foreign_domid = static_cast<domid_t>(domain);
  set_xen_guest_handle(batch.idxs, names);
  set_xen_guest_handle(batch.gpfns, places);
  set_xen_guest_handle(batch.errs, errors);
  error = hypercall_memory_op(XENMEM_add_to_physmap_batch, &batch);
  unsigned done = 0;
  while (!error && done < count && !(error = errors[done])) done++;
  if (error)
    for (unsigned i = done; i < count; i++)
      if (!errors[i]) translated_unplace(first + i, 1);
  return done;
}
}  // namespace

ModelResult translated_release(const Pfn* list, unsigned count) {
  return change_reservation(XENMEM_decrease_reservation, list, count);
}
ModelResult translated_accept(Pfn* list, unsigned count) {
  return change_reservation(XENMEM_populate_physmap, list, count);
}

ModelResult translated_accept_extent(Pfn first) {
  return change_reservation(XENMEM_populate_physmap, &first, 1, model_extent_order);
}

IdentityFrames translated_identity_frames() {
  xen_reserved_device_memory_t entry{};
  xen_reserved_device_memory_map_t map{};
  map.flags = XENMEM_RDM_ALL;
  map.nr_entries = 1;
  set_xen_guest_handle(map.buffer, &entry);
  if (hypercall_memory_op(XENMEM_reserved_device_memory_map, &map) || !map.nr_entries) return {};
  return {entry.start_pfn, entry.nr_pages};
}

Pfn translated_foreign_first(const IdentityFrames& identity) {
  for (Pfn place : foreign_places)
    if (!overlaps(place, window_pages, identity.first, identity.count)) return place;
  panic("no frame numbers for other domains' frames");
}

Pfn translated_foreign_near(Pfn limit) {
  const Pfn place = limit + hypervisor_frames;
  return place + window_pages <= first_device ? place : max_of(place, behind_devices);
}

long translated_place(unsigned domain, Pfn first, const Mfn* list, unsigned count) {
  long error = 0;
  unsigned placed = 0;
  while (!error && placed < count)
    placed += place_batch(domain, first + placed, list + placed, min_of(count - placed, model_batch), error);
  if (error) translated_unplace(first, placed);
  return error;
}

void translated_unplace(Pfn first, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    xen_remove_from_physmap_t request{DOMID_SELF, first + i};
    hypercall_memory_op(XENMEM_remove_from_physmap, &request);
  }
}

u64 translated_accept_as(Pfn frame) { return frame; }
void translated_adopt(Pfn*, const u64*, unsigned) {}
void translated_surrender(const Pfn* list, u64* numbers, unsigned count) {
  for (unsigned i = 0; i < count; i++) numbers[i] = list[i];
}
