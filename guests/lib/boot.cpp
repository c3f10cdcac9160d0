#include "guests/lib/boot.h"

#include "guests/lib/hypercall.h"

bool guest_is_translated() {
  static int answer = -1;
  if (answer < 0) {
    xen_feature_info_t features{0, 0};
    bool known = !hypercall_xen_version(XENVER_get_features, &features);
    answer = known && (features.submap & (1u << XENFEAT_auto_translated_physmap));
  }
  return answer;
}
