#include "guests/kernel/memory_model.h"

#include "guests/lib/hypercall.h"

const MemoryModel* memory_model;

void model_choose() {
  xen_feature_info_t features{0, 0};
  bool known = !hypercall_xen_version(XENVER_get_features, &features);
  memory_model = arch_model(known && (features.submap & (1u << XENFEAT_auto_translated_physmap)));
}
