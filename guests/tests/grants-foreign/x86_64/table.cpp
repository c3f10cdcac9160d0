#include "guests/tests/grants-foreign/foreign.h"

long show_foreign(u32 domain, u64 number, const GrantPlace& place) {
  if (guest_is_translated()) return test_place_foreign(domain, number, place.address / page_bytes);
  return arch_hypercall(__HYPERVISOR_update_va_mapping_otherdomain, hypercall_arg(place.va),
                        make_pte(number, pte_kernel), UVMF_INVLPG | UVMF_LOCAL, domain);
}

void end_foreign(const GrantPlace& place) {
  if (guest_is_translated())
    test_equal("end of a foreign frame", test_unplace_foreign(place.address / page_bytes), 0);
  else
    test_equal("end of a foreign mapping", boot_map(place.va, 0), 0);
}
