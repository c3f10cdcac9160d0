#include "guests/kernel/pmt.h"

#include "guests/kernel/frames.h"
#include "guests/kernel/granted.h"
#include "guests/kernel/heap.h"
#include "guests/kernel/memory_model.h"
#include "guests/lib/errno.h"
#include "guests/lib/hypercall.h"
#include "guests/lib/panic.h"

namespace {
PmtTable own;

long expose(unsigned domain, u64 gfns, Pfn place, u64& frames, u32& form) {
  xs_expose_p2m request{};
  request.domid = static_cast<domid_t>(domain);
  request.place = place;
  request.gfns = gfns;
  request.frames = frames;
  const long error = hypercall_memory_op(XS_XENMEM_expose_p2m, &request);
  frames = request.frames;
  form = request.form;
  return error;
}

// Addresses for the frames, as for granted ones: both are others' and have places in the window.
long show(unsigned domain, PmtTable& t, u64* places) {
  const GrantOps& model = *memory_model->grants;
  void* va = model.take_places(t.frames, places);
  if (!va) return -XEN_ENOSPC;
  t.place = places[0] / page_bytes;
  u64 frames = t.frames;
  const long error = expose(domain, t.gfns, t.place, frames, t.form);
  if (error)
    model.give_places(va, t.frames);
  else
    t.at = static_cast<const u8*>(model.shown_at(va, places, t.form & XS_PMT_WRITABLE, t.frames));
  return error;
}
}  // namespace

bool pmt_offered() {
  u64 frames = 0;
  u32 form;
  return expose(DOMID_SELF, 1, 0, frames, form) == -XEN_ENOBUFS;
}

long pmt_open(unsigned domain, u64 gfns, PmtTable& t) {
  t = {};
  u64 frames = 0;
  const long wanted = expose(domain, gfns, 0, frames, t.form);
  if (wanted != -XEN_ENOBUFS) return wanted ? wanted : -XEN_EINVAL;
  auto* places = static_cast<u64*>(heap_alloc(frames * sizeof(u64)));
  if (!places) return -XEN_ENOMEM;
  t.gfns = gfns;
  t.frames = static_cast<unsigned>(frames);
  const long error = show(domain, t, places);
  heap_free(places);
  if (error) t = {};
  return error;
}

void pmt_close(unsigned domain, PmtTable& t) {
  if (!t.at) return;
  u64 frames = 0;
  expose(domain, 0, 0, frames, t.form);
  memory_model->grants->give_places(const_cast<u8*>(t.at), t.frames);
  t = {};
}

void pmt_write(const PmtTable& t, Pfn gfn, Mfn mfn) {
  auto* at = reinterpret_cast<u32*>(const_cast<u8*>(pmt_entry(t, gfn)));
  if (at) __atomic_store_n(at, mfn == invalid_frame ? XS_PMT_NONE : static_cast<u32>(mfn), __ATOMIC_RELAXED);
}

long pmt_commit(const Pfn* gfns, unsigned count) {
  xs_commit_p2m request{hypercall_arg(gfns), count, 0};
  return hypercall_memory_op(XS_XENMEM_commit_p2m, &request);
}

const PmtTable* pmt_to_write() { return own.at && (own.form & XS_PMT_WRITABLE) ? &own : nullptr; }

void* pmt_device_page() {
  const Pfn frame = frames_alloc();
  return frame == invalid_frame ? nullptr : frame_va(frame);
}

void pmt_resumed() {
  if (!own.at) return;
  const u64 gfns = own.gfns;
  memory_model->grants->give_places(const_cast<u8*>(own.at), own.frames);
  own = {};
  pmt_own(gfns);
}

const PmtTable& pmt_own(u64 gfns) {
  if (!own.at)
    if (const long error = pmt_open(DOMID_SELF, gfns, own)) panic("the PMT cannot be read: %ld", error);
  return own;
}
