// What a guest learns about its memory, and the operations on frames that are no reservations.
//
// memory_op's figures must agree with each other and with start_info; the M2P it names must be the one that
// is mapped. mmuext_op clears and copies frames (never a page table's), pins tables of every level (never a
// frame that is mapped writable, never twice) and flushes: a changed entry must take effect after INVLPG on
// one VCPU, many, or all. mmu_update keeps accessed and dirty bits when asked to, and drops them otherwise.
#include "guests/tests/memory-ops/operations.h"

const char test_name[] = "memory-ops";

namespace {
// What a dom0 of model translated has for devices to reach is not among start_info's pages.
s64 device_frames() {
  xen_reserved_device_memory_t entry{};
  xen_reserved_device_memory_map_t map{};
  map.flags = XENMEM_RDM_ALL;
  map.nr_entries = 1;
  set_xen_guest_handle(map.buffer, &entry);
  const bool any = !hypercall_memory_op(XENMEM_reserved_device_memory_map, &map) && map.nr_entries;
  return any && guest_is_translated() ? static_cast<s64>(entry.nr_pages) : 0;
}

void check_reservations() {
  long now = domain_figure(XENMEM_current_reservation, DOMID_SELF);
  long most = domain_figure(XENMEM_maximum_reservation, DOMID_SELF);
  test_equal("current_reservation", now, static_cast<s64>(boot_info->nr_pages) + device_frames());
  test_check(most >= now, "maximum_reservation %ld is below the current %ld", most, now);
  test_check(domain_figure(XENMEM_current_reservation, 77) < 0, "current_reservation of domain 77");
  if (!(boot_info->flags & SIF_PRIVILEGED))
    test_equal("current_reservation of domain 0", domain_figure(XENMEM_current_reservation, 0), -XEN_EPERM);
}

void check_memory_map() {
  struct [[gnu::packed]] Entry {
    u64 start, bytes;
    u32 type;
  };
  static Entry entries[32];
  xen_memory_map_t map{};
  // The toolstack may have given this domain none: it may give itself one.
  entries[0] = {0, boot_info->nr_pages * page_bytes, 1};
  xen_foreign_memory_map_t own{};
  own.domid = DOMID_SELF;
  own.map.nr_entries = 1;
  set_xen_guest_handle(own.map.buffer, entries);
  test_equal("set_memory_map", hypercall_memory_op(XENMEM_set_memory_map, &own), 0);
  entries[0] = {};
  map.nr_entries = count_of(entries);
  set_xen_guest_handle(map.buffer, entries);
  long r = hypercall_memory_op(XENMEM_memory_map, &map);
  test_equal("memory_map", r, 0);
  test_check(map.nr_entries >= 1 && map.nr_entries <= count_of(entries), "%u entries", map.nr_entries);
  u64 ram = 0;
  for (unsigned i = 0; i < map.nr_entries; i++)
    if (entries[i].type == 1) ram += entries[i].bytes;
  test_check(ram >= boot_info->nr_pages * page_bytes, "memory_map shows %lu KiB of RAM", ram / KiB);
  test_equal("memory_map from unmapped memory", hypercall_memory_op(XENMEM_memory_map, test_unmapped),
             -XEN_EFAULT);
}
}  // namespace

long domain_figure(unsigned op, domid_t domain) {
  xen_memory_domain request{};
  request.domid = domain;
  return hypercall_memory_op(op, &request);
}

void test_main() {
  Pfn a = test_spare_frames(2), b = a + 1;
  check_reservations();
  check_memory_map();
  if (guest_is_translated())
    test_equal("maximum_ram_page", hypercall_memory_op(XENMEM_maximum_ram_page, nullptr), -XEN_EPERM);
  check_operations(a, b);
}
