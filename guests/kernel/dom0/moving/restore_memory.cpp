// The memory of a domain that is restored.
#include "guests/kernel/dom0/moving/restoring.h"
#include "guests/kernel/memory_model.h"
#include "guests/lib/errno.h"
#include "guests/lib/hypercall.h"

namespace {
constexpr unsigned map_batch = 32;

// 2 MiB at a time where a batch has them, and somebody profits.
bool populate_extent(Restoring& r, u32 at, u32 count) {
  const Pfn first = r.pfns[at];
  if (!r.frames.plain() || first % model_extent || count - at < model_extent) return false;
  for (u32 i = 0; i < model_extent; i++)
    if (r.pfns[at + i] != first + i) return false;
  xen_pfn_t gfn = first;
  xen_memory_reservation request{};
  set_xen_guest_handle(request.extent_start, &gfn);
  request.nr_extents = 1;
  request.extent_order = model_extent_order;
  request.domid = static_cast<domid_t>(r.build.id);
  return hypercall_memory_op(XENMEM_populate_physmap, &request) == 1;
}

// r.pfns[0, count) are without memory so far.
long populate(Restoring& r, u32 count) {
  for (u32 at = 0, n; at < count; at += n) {
    n = model_extent;
    if (populate_extent(r, at, count)) continue;
    n = min_of(count - at, n);
    for (u32 i = 0; i < n; i++) r.numbers[i] = r.pfns[at + i];
    xen_memory_reservation request{};
    set_xen_guest_handle(request.extent_start, r.numbers);
    request.nr_extents = n;
    request.domid = static_cast<domid_t>(r.build.id);
    const long done = hypercall_memory_op(XENMEM_populate_physmap, &request);
    if (done != n) return done < 0 ? done : -XEN_ENOMEM;
    for (u32 i = 0; !r.frames.plain() && i < n; i++)
      if (!r.frames.set(r.pfns[at + i], r.numbers[i])) return -XEN_EINVAL;
    thread_yield();
  }
  return 0;
}

bool populate_batch(Restoring& r, u32 count, Status& status) {
  u32 missing = 0;
  for (u32 i = 0; i < count; i++) {
    const Pfn pfn = stream::entry_pfn(r.reader.page(i));
    const stream::PageType type = stream::entry_type(r.reader.page(i));
    if (type == stream::PageType::absent || type == stream::PageType::broken) continue;
    if (!r.frames.plain()) r.frames.set_type(pfn, type);
    if (is_present(r, pfn)) continue;
    r.present[pfn / 64] |= 1ull << pfn % 64;
    r.pfns[missing++] = pfn;
  }
  r.pages += missing;
  const long error = populate(r, missing);
  return error ? restore_refused("not enough free memory", error, status) : true;
}

// The contents of up to map_batch pages, from entry `i` on, which goes on.
bool read_contents(Restoring& r, u32& i, u32 count, Status& status) {
  unsigned n = 0;
  for (; i < count && n < map_batch; i++)
    if (stream::has_contents(stream::entry_type(r.reader.page(i))))
      r.numbers[n++] = r.frames.machine(stream::entry_pfn(r.reader.page(i)));
  if (!n) return true;
  long error;
  auto* const pages = static_cast<u8*>(model_map_foreign(r.build.id, r.numbers, n, true, error));
  if (!pages) return restore_refused("the domain's memory cannot be mapped", error, status);
  bool ok = true;
  for (unsigned p = 0; ok && p < n; p++) ok = r.reader.read_page(pages + p * page_bytes);
  model_unmap_window(pages, n);
  r.read += n;
  thread_yield();
  return ok;
}

}  // namespace

bool restore_pages(Restoring& r, u32 count, Status& status) {
  if (!populate_batch(r, count, status)) return false;
  for (u32 i = 0; i < count;)
    if (!read_contents(r, i, count, status)) return false;
  return true;
}
