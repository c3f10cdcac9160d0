// Which source files there are because of a memory model, and which all models share. A folder stands for all
// that is in it.
#include "sim/report/matrix.h"

namespace xs::report {

const std::vector<CodePart>& code_parts() {
  static const std::vector<CodePart> all = {
      {"kernel",
       "the seam: what a model has to do",
       {"guests/kernel/memory_model.h", "guests/kernel/memory_model.cpp", "guests/kernel/granted.h",
        "guests/kernel/granted.cpp"}},
      {"kernel", "direct (x86-64)", {"guests/arch/x86_64/kernel/model_direct.cpp"}},
      {"kernel",
       "translated, both architectures",
       {"guests/kernel/translated_frames.cpp", "guests/kernel/translated_frames.h"}},
      {"kernel", "translated (x86-64)", {"guests/arch/x86_64/kernel/model_translated.cpp"}},
      {"kernel", "translated (IA-64)", {"guests/arch/ia64/kernel/model_translated.cpp"}},
      {"kernel", "identity (IA-64)", {"guests/arch/ia64/kernel/model_identity.cpp"}},
      {"kernel",
       "identity and the bare machine (IA-64)",
       {"guests/arch/ia64/kernel/model_flat.cpp", "guests/arch/ia64/kernel/model_flat.h"}},
      {"kernel",
       "the bare machine",
       {"guests/arch/x86_64/kernel/native/model_native.cpp",
        "guests/arch/ia64/kernel/native/model_native.cpp"}},
      {"drivers", "network, both ends: the same in all models", {"guests/kernel/net"}},
      {"drivers", "disks, both ends: the same in all models", {"guests/kernel/block"}},
      {"drivers", "virtio: the same in all models", {"guests/kernel/virtio"}},
      {"drivers",
       "balloon: the same in all models",
       {"guests/kernel/balloon.cpp", "guests/kernel/balloon.h"}},
      {"hypervisor",
       "the seam: what a model has to do",
       {"hypervisor/common/memory_model.h", "hypervisor/common/memory_model.cpp"}},
      {"hypervisor",
       "direct (x86-64): page tables are checked",
       {"hypervisor/arch/x86_64/mm_direct.cpp", "hypervisor/arch/x86_64/mm_tables.cpp",
        "hypervisor/arch/x86_64/mm_tables.h", "hypervisor/arch/x86_64/mm_update.cpp",
        "hypervisor/arch/x86_64/mm_ext.cpp", "hypervisor/arch/x86_64/mm_va.cpp",
        "hypervisor/arch/x86_64/mm_pt_write.cpp", "hypervisor/arch/x86_64/mm_pt_write.h",
        "hypervisor/arch/x86_64/mm_grant.cpp", "hypervisor/arch/x86_64/mm_grant.h"}},
      {"hypervisor",
       "translated, both architectures: the P2M",
       {"hypervisor/common/p2m.cpp", "hypervisor/common/p2m.h", "hypervisor/common/translated.cpp",
        "hypervisor/common/translated.h", "hypervisor/common/translated_grants.cpp"}},
      {"hypervisor",
       "translated (x86-64): shadow tables",
       {"hypervisor/arch/x86_64/mm_translated.cpp", "hypervisor/arch/x86_64/mm_shadow.cpp",
        "hypervisor/arch/x86_64/mm_shadow.h", "hypervisor/arch/x86_64/mm_guest_walk.cpp",
        "hypervisor/arch/x86_64/mm_guest_walk.h"}},
      {"hypervisor",
       "all models of IA-64: inserted translations, VHPT",
       {"hypervisor/arch/ia64/vtlb.cpp", "hypervisor/arch/ia64/vtlb.h", "hypervisor/arch/ia64/vhpt.cpp",
        "hypervisor/arch/ia64/vhpt.h"}},
      {"hypervisor", "translated and identity (IA-64)", {"hypervisor/arch/ia64/mm_models.cpp"}},
      {"hypervisor",
       "grants, common to all models",
       {"hypervisor/common/grant_table.cpp", "hypervisor/common/grant_table.h",
        "hypervisor/common/grant_map.cpp", "hypervisor/common/grant_use.cpp",
        "hypervisor/common/grant_copy.cpp", "hypervisor/common/grant_transfer.cpp"}},
  };
  return all;
}

}  // namespace xs::report
