// Memory that is not the domain's to use: whatever it inserts as a translation, and wherever the hypervisor's
// own is.
//
// A guest inserts translations by itself; they name its frames, and the hypervisor makes of them what the
// processor uses. So there is no machine frame to name: numbers beyond the domain's memory, machine numbers
// of others' frames, lead nowhere. The hypervisor's own memory is in region 7 and stays when a guest runs:
// its addresses can be neither inserted nor purged nor read, from the kernel's level or by giving addresses
// to hypercalls. What has been given back and is still mapped is gone, by every address. And no answer names
// machine frames. Each attempt is announced and followed by a while of quiet, so that whoever watches from
// outside can look at the moment when the harm would be done.
#include "guests/tests/lib/domain.h"
#include "guests/tests/lib/touch.h"
#include "privileged.h"
#include "test/tables.h"

const char test_name[] = "isolation";

namespace {
constexpr u64 quiet_ns = 3 * ns_per_ms;

void announce(const char* what) {
  print_line("tried: %s", what);
  for (const u64 end = system_time_ns(0) + quiet_ns; system_time_ns(0) < end;)
    hypercall_sched_op(SCHEDOP_yield, nullptr);
}

long change(unsigned operation, xen_pfn_t* frame) {
  xen_memory_reservation r{};
  set_xen_guest_handle(r.extent_start, frame);
  r.nr_extents = 1;
  r.domid = DOMID_SELF;
  return hypercall_memory_op(operation, &r);
}

// Machine memory begins at 0, where this domain's ends earlier, and goes on high up: no frame is at its
// machine number here. The high numbers are of no frame, since a number of one in a domain's memory is what a
// monitor of leaks looks for.
void try_numbers() {
  u64& entry = *walked_tables();
  walked_load();
  constexpr u64 low_end = 128 * MiB, high_memory = 0xf2d40000000;  // of the machine (docs/machine.md)
  const Pfn numbers[] = {boot_info->shared_info / page_bytes + 1, low_end / page_bytes - 1,
                         high_memory / page_bytes - 1, (u64{1} << 38) - 1};
  for (Pfn number : numbers) {
    entry = translation(number, 0, rights_rwx);
    purge_page(walked_va, page_shift);
    auto* va = reinterpret_cast<void*>(walked_va);
    test_check(touch_read(va).faulted && touch_write(va, 1).faulted, "frame 0x%lx can be used", number);
  }
  entry = 0;
  purge_page(walked_va, page_shift);
  walked_unload();
  announce("translations of frames that are not there");
}

void try_hypervisor_space() {
  constexpr u64 step = (HYPERVISOR_VIRT_END - HYPERVISOR_VIRT_START) / 64;
  unsigned readable = 0, writable = 0;
  for (u64 va = HYPERVISOR_VIRT_START; va < HYPERVISOR_VIRT_END; va += step) {
    if (va - XEN_IA64_XSI < XEN_IA64_XSI_BYTES) continue;
    readable += !touch_read(reinterpret_cast<void*>(va)).faulted;
    writable += !touch_write(reinterpret_cast<void*>(va), 1).faulted;
  }
  test_check(!readable && !writable, "of the hypervisor's addresses %u can be read, %u written", readable,
             writable);
  test_check(touch_read(reinterpret_cast<void*>(XEN_IA64_XSI + XEN_IA64_XSI_BYTES)).faulted,
             "what lies behind the XSI can be read");
  purge_page(HYPERVISOR_VIRT_START, page_shift);
  purge_page(XEN_IA64_XSI, 28);
  test_check(shared_info_page->vcpu_info[0].time.version % 2 == 0, "time has stopped");
  announce("the hypervisor's addresses");
}

// Whoever watches lets another domain run while the page is gone, so that no TLB holds it any more.
void try_gone_frame(Pfn page) {
  xen_pfn_t frame = page;
  touch_write(test_va(page), 0xabcd);
  test_equal("decrease", change(XENMEM_decrease_reservation, &frame), 1);
  announce("giving a mapped frame back");
  test_check(touch_read(test_va(page)).faulted, "a frame that was given back can be read");
  announce("reading it");
  test_equal("populate", change(XENMEM_populate_physmap, &frame), 1);
  test_check(frame == page, "populate answers with %lx", frame);
  announce("asking which frame it is now");
  test_equal("maximum_ram_page", hypercall_memory_op(XENMEM_maximum_ram_page, nullptr), -XEN_EPERM);
  announce("asking for the last frame");
}
}  // namespace

void test_main() {
  if (!guest_is_translated()) test_skip("this domain knows machine frames by design");
  try_numbers();
  try_hypervisor_space();
  try_gone_frame(test_spare_frames(1));
}
