// There are no page tables: a translation is what the guest has inserted, until it purges it.
#include "guests/tests/memory-ops/operations.h"
#include "privileged.h"
#include "test/tables.h"

namespace {
u64 read_walked() { return *reinterpret_cast<volatile u64*>(walked_va); }

void ptc_l(u64 va, u64 shift) {
  asm volatile("ptc.l %0, %1;; srlz.d;;" ::"r"(va), "r"(shift << 2) : "memory");
}
void ptc_g(u64 va, u64 shift) {
  asm volatile("ptc.g %0, %1;; srlz.d;;" ::"r"(va), "r"(shift << 2) : "memory");
}
void ptc_e(u64, u64) {
  purge_entry(0);
  serialize();
}

// After the purge the page's address must show the other frame.
void check_purge(const char* what, void (*purge)(u64 va, u64 shift), u64 shift, u64& entry, Pfn a, Pfn b) {
  entry = translation(a, 0, rights_rw);
  purge_page(walked_va, page_shift);
  test_check(read_walked() == 1, "%s: page A before", what);
  entry = translation(b, 0, rights_rw);
  purge(walked_va, shift);
  test_check(read_walked() == 2, "%s: the old translation is still in use", what);
}

void check_purges(Pfn a, Pfn b) {
  constexpr u64 larger = 16, largest = 28;
  *static_cast<volatile u64*>(test_va(a)) = 1;
  *static_cast<volatile u64*>(test_va(b)) = 2;
  u64& entry = *walked_tables();
  walked_load();
  check_purge("ptc.l", ptc_l, page_shift, entry, a, b);
  check_purge("ptc.l of 64 KiB", ptc_l, larger, entry, a, b);
  check_purge("ptc.g", ptc_g, page_shift, entry, a, b);
  check_purge("ptc.g of 256 MiB", ptc_g, largest, entry, a, b);
  check_purge("ptc.ga", purge_page, page_shift, entry, a, b);
  check_purge("ptc.e", ptc_e, 0, entry, a, b);
  // Another region identifier: nothing of the old one counts, and it is all there again when that comes back.
  write_user_region(REGION_REGISTER(FIRST_USER_RID, page_shift));
  entry = translation(a, 0, rights_rw);
  test_check(read_walked() == 1, "a translation of another region identifier is in use");
  write_user_region(REGION_REGISTER(0, page_shift));
  entry = translation(b, 0, rights_rw);
  test_check(read_walked() == 2, "the region identifier of before does not lead to its page");
  purge_page(walked_va, page_shift);
  walked_unload();
}

// Names of machine frames, and what works on page tables.
void check_absent() {
  xen_machphys_mapping_t mapping{};
  test_equal("machphys_mapping", hypercall_memory_op(XENMEM_machphys_mapping, &mapping), -XEN_ENOSYS);
  xen_machphys_mfn_list_t list{};
  test_equal("machphys_mfn_list", hypercall_memory_op(XENMEM_machphys_mfn_list, &list), -XEN_ENOSYS);
  xen_memory_exchange_t exchange{};
  exchange.in.domid = exchange.out.domid = DOMID_SELF;
  if (guest_is_translated())
    test_equal("exchange", hypercall_memory_op(XENMEM_exchange, &exchange), -XEN_EOPNOTSUPP);
  test_equal("mmuext_op", arch_hypercall(__HYPERVISOR_mmuext_op), -XEN_ENOSYS);
}
}  // namespace

void check_operations(Pfn a, Pfn b) {
  check_purges(a, b);
  check_absent();
}
