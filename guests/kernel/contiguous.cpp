#include "guests/kernel/contiguous.h"

#include "arch_cpu.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/memory_model.h"
#include "guests/lib/hypercall.h"

namespace {
bool is_contiguous(const u8* va, unsigned count) {
  const u64 first = memory_model->device_address(va);
  for (unsigned i = 0; i < count; i++)
    if (memory_model->device_address(va + i * page_bytes) != first + i * page_bytes) return false;
  return first;
}
}  // namespace

void* contiguous_pages(unsigned count, ExchangeFrames exchange) {
  const Pfn first = frames_alloc(count);
  if (first == invalid_frame) return nullptr;
  void* va = frame_va(first);
  if (is_contiguous(static_cast<u8*>(va), count) || (exchange && exchange(first, count))) return va;
  frames_free(first);
  return nullptr;
}

long exchange_for_run(const u64* names, unsigned count, Pfn place, Mfn& first) {
  xen_pfn_t in[model_batch], out = place;
  for (unsigned i = 0; i < count; i++) in[i] = names[i];
  xen_memory_exchange_t x{};
  set_xen_guest_handle(x.in.extent_start, in);
  set_xen_guest_handle(x.out.extent_start, &out);
  x.in.nr_extents = count;
  x.out.nr_extents = 1;
  x.out.extent_order = static_cast<unsigned>(__builtin_ctz(count));
  x.in.domid = x.out.domid = DOMID_SELF;
  const long error = hypercall_memory_op(XENMEM_exchange, &x);
  first = out;
  return error;
}

bool exchange_in_place(Pfn first, unsigned count) {
  u64 names[model_batch];
  Mfn unknown;
  for (unsigned i = 0; i < count; i++) names[i] = first + i;
  return !exchange_for_run(names, count, first, unknown);
}
