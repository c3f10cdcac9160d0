#include "guests/lib/boot.h"

#include "guests/lib/hypercall.h"

static bool has_feature(unsigned feature) {
  static xen_feature_info_t features{0, 0};
  static bool asked;
  if (!asked && hypercall_xen_version(XENVER_get_features, &features)) features.submap = 0;
  asked = true;
  return features.submap & (1u << feature);
}

bool guest_is_translated() { return has_feature(XENFEAT_auto_translated_physmap); }
bool guest_has_plain_tables() { return has_feature(XENFEAT_writable_page_tables); }
