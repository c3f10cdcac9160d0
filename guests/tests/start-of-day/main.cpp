// Start of day: what a kernel finds in registers, start_info and memory.
//
// Everything else builds on these facts, and a guest that was never written for our hypervisor checks none of
// them before it relies on them: a wrong one shows as a crash far away. So each fact of the public ABI
// (xen.h, arch-x86/xen.h; hypervisor/abi/arch_ia64.h) is checked by itself, as the guest sees it:
// start_info's magic, sizes and frames; upcalls masked on every VCPU; and what the architecture's kernels are
// promised. On x86-64: selectors and flags at the first instruction; the order of regions; a P2M and M2P that
// agree; page tables that map each region with the right rights, tables read-only, at least 512 KiB of spare
// memory, up to a 4 MiB boundary (in model translated tables are writable and no frame list is given). On
// IA-64: a boot loader's parameters, a memory map, and firmware's tables and procedures.
#include "guests/tests/start-of-day/facts.h"

const char test_name[] = "start-of-day";

namespace {
void check_start_info() {
  test_check(boot_info->nr_pages >= 256, "nr_pages is %lu", boot_info->nr_pages);
  test_equal("shared_info page offset", static_cast<s64>(boot_info->shared_info % page_bytes), 0);
  test_check(boot_info->shared_info != 0, "no shared_info");
  test_check(boot_info->cmd_line[MAX_GUEST_CMDLINE - 1] == 0, "cmd_line is not terminated");
  if (is_dom0()) return;
  test_check(boot_info->store_evtchn && boot_info->console.domU.evtchn,
             "no event channel for store or console");
  test_check(boot_info->store_evtchn != boot_info->console.domU.evtchn,
             "store and console share an event channel");
  Pfn store = guest_frame_of(boot_info->store_mfn), console = guest_frame_of(boot_info->console.domU.mfn);
  test_check(store < boot_info->nr_pages && test_machine(store) == boot_info->store_mfn,
             "store_mfn is not ours");
  test_check(console < boot_info->nr_pages && test_machine(console) == boot_info->console.domU.mfn,
             "console mfn is not ours");
}

void check_version() {
  long version = hypercall_xen_version(XENVER_version, nullptr);
  test_check(version >= 3 << 16, "xen_version is 0x%lx", version);
  xen_feature_info_t features{0, 0};
  test_equal("XENVER_get_features", hypercall_xen_version(XENVER_get_features, &features), 0);
  test_check(arch_features_good(features.submap), "features are 0x%x", features.submap);
}
}  // namespace

void test_main() {
  test_check(arch_magic_good(boot_info->magic), "magic is %s", boot_info->magic);
  check_start_info();
  check_arch();
  test_check(events_masked(0), "upcalls of VCPU 0 are not masked");
  check_version();
}
