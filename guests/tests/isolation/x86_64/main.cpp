// Memory that is not the domain's to use: somebody else's frame, a device's registers, its own page table or
// GDT as data, a frame that it has given back.
//
// Each is a step of an attack that the hypervisor's checks have to stop: owner, type, reference count. The
// guest announces each attempt and then leaves everything as it is for a while, so that whoever watches from
// outside can look at the moment when the harm would be done. Somebody else's frame is found in the M2P: it
// names a guest frame, and that is not where this domain has it. With "touch" on the command line such a
// frame is also used, had it been mapped. A privileged domain may map what it likes.
//
// In memory model translated there is no frame to name but the domain's own. What is left to try: use a
// guest frame that has been given back and is still mapped, by whatever the hypervisor has cached of that,
// and learn machine frames from its answers.
#include "guests/tests/lib/domain.h"
#include "guests/tests/lib/touch.h"

const char test_name[] = "isolation";

namespace {
constexpr u64 quiet_ns = 3 * ns_per_ms;
constexpr u64 entries_per_unit = (u64{2} << 20) / sizeof(u64);  // the M2P is mapped in units of 2 MiB
constexpr u32 gdt_entries = page_bytes / sizeof(u64);

bool is_somebody_elses(Mfn mfn) {
  const u64 named = machine_to_phys_mapping[mfn];
  const bool valid = named != 0 && named < u64{1} << 32;  // 0 also stands where there is no RAM
  return valid && (named >= boot_info->nr_pages || test_machine(named) != mfn);
}

// Outwards from a frame of ours, as far as the M2P is surely mapped.
Mfn somebody_elses_frame() {
  const Mfn ours = test_machine(0), first = ours & ~(entries_per_unit - 1);
  const long most = hypercall_memory_op(XENMEM_maximum_ram_page, nullptr);
  const Mfn end = min_of(first + entries_per_unit, static_cast<u64>(most) + 1);
  for (Mfn mfn = ours; mfn < end; mfn++)
    if (is_somebody_elses(mfn)) return mfn;
  for (Mfn mfn = ours; mfn > first; mfn--)
    if (is_somebody_elses(mfn - 1)) return mfn - 1;
  return invalid_frame;
}

void announce(const char* what) {
  print_line("tried: %s", what);
  for (const u64 end = system_time_ns(0) + quiet_ns; system_time_ns(0) < end;)
    hypercall_sched_op(SCHEDOP_yield, nullptr);
}

bool asked_to_touch() {
  return strstr(reinterpret_cast<const char*>(boot_info->cmd_line), "touch") != nullptr;
}

void try_foreign_frame(Pfn page) {
  const Mfn mfn = somebody_elses_frame();
  if (mfn == invalid_frame) test_error("the M2P shows nobody else's frame");
  const long result =
      update_va_mapping(test_va(page), make_pte(mfn, pte_kernel_ro), UVMF_INVLPG | UVMF_LOCAL);
  test_check(result < 0, "somebody else's frame was mapped");
  if (asked_to_touch()) (void)*static_cast<volatile u64*>(test_va(page));
  announce("somebody else's frame");
}

// Of the first virtio devices (docs/machine.md): whoever writes them sends a device to any frame.
void try_device(Pfn page) {
  constexpr Mfn registers = 0xfeb00;
  test_equal("a device's registers mapped",
             update_va_mapping(test_va(page), make_pte(registers, pte_kernel), UVMF_NONE), -XEN_EPERM);
  announce("a device's registers");
}

void try_writable_table() {
  const Pfn l1 = test_table(test_virt_base, 1);
  test_check(test_map(l1, pte_kernel) < 0, "a live page table was mapped writable");
  announce("a writable page table");
}

long set_gdt(const u64* frames, u32 entries) {
  return arch_hypercall(__HYPERVISOR_set_gdt, hypercall_arg(frames), entries);
}

void try_writable_descriptors(Pfn page) {
  const u64 frame = test_machine(page);
  memset(test_va(page), 0, page_bytes);
  test_equal("make the GDT page read-only", test_map(page, pte_kernel_ro), 0);
  test_equal("set_gdt", set_gdt(&frame, gdt_entries), 0);
  test_check(test_map(page, pte_kernel) < 0, "a page in use as GDT was mapped writable");
  announce("a writable GDT page");
  test_equal("set_gdt without entries", set_gdt(nullptr, 0), 0);
}

long change(unsigned operation, xen_pfn_t* frame) {
  xen_memory_reservation r{};
  set_xen_guest_handle(r.extent_start, frame);
  r.nr_extents = 1;
  r.domid = DOMID_SELF;
  return hypercall_memory_op(operation, &r);
}

// Xen lets the owner's own reference go; the mapping keeps the frame the domain's.
void try_mapped_frame(Pfn page) {
  xen_pfn_t mfn = test_machine(page);
  *static_cast<volatile u64*>(test_va(page)) = 0xabcd;
  const long done = change(XENMEM_decrease_reservation, &mfn);
  test_check(done == 0 || done == 1, "decrease of a mapped frame: %ld", done);
  announce("giving a mapped frame back");
  test_equal("what the frame holds", static_cast<s64>(*static_cast<volatile u64*>(test_va(page))), 0xabcd);
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
  if (guest_is_translated()) return try_gone_frame(test_spare_frames(1));
  if (test_is_privileged()) test_skip("a privileged domain may map any frame");
  const Pfn page = test_spare_frames(3);
  try_foreign_frame(page);
  try_device(page);
  try_writable_table();
  try_writable_descriptors(page + 1);
  try_mapped_frame(page + 2);
}
