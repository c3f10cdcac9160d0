#include "hypervisor/common/memory_model.h"

#include "hypervisor/common/lib.h"

namespace hv {

const MemoryModel* memory_model(xs_memory_model id) {
  for (const MemoryModel* const* m = arch_memory_models; *m != nullptr; m++)
    if ((*m)->id == id) return *m;
  return nullptr;
}

const char* memory_model_name(xs_memory_model id) {
  static const char* const names[] = {"direct", "translated", "identity", "dom0_pmt", "nested", "exposed"};
  return static_cast<unsigned>(id) < count_of(names) ? names[id] : "unknown";
}

bool memory_model_by_name(const char* name, xs_memory_model& id) {
  for (const MemoryModel* const* m = arch_memory_models; *m != nullptr; m++)
    if (strcmp((*m)->name, name) == 0) {
      id = (*m)->id;
      return true;
    }
  return false;
}

}  // namespace hv
