#include "guests/tests/grants-foreign/foreign.h"

long show_foreign(u32 domain, u64 number, const GrantPlace& place) {
  return test_place_foreign(domain, number, place.address / page_bytes);
}
void end_foreign(const GrantPlace& place) {
  test_equal("end of a foreign frame", test_unplace_foreign(place.address / page_bytes), 0);
}
