// Memory model `translated` on x86-64: a PV64 guest whose page tables and CR3 hold GFNs. The P2M is common
// (common/translated.h), the CPU walks shadow tables (mm_shadow.h).
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/mm.h"
#include "hypervisor/common/translated.h"

namespace hv {

extern const MemoryModel model_direct;

namespace {
// What shows it is made anew when it is missed.
void hide_device(Domain* domain, Mfn) { arch_translations_drop(domain); }
}  // namespace

extern const MemoryModel model_translated;
constexpr MemoryModel model_translated = {
    XS_MODEL_TRANSLATED,
    "translated",
    1u << XENFEAT_auto_translated_physmap | 1u << XENFEAT_writable_page_tables |
        1u << XENFEAT_pae_pgdir_above_4gb | 1u << XENFEAT_highmem_assist,
    true,
    P2mReader::nobody,
    false,
    translated_domain_init,
    translated_frame_of,
    translated_name_of,
    translated_populate,
    translated_remove,
    translated_map_shared,
    translated_map_foreign,
    translated_unmap,
    translated_grant_map,
    translated_grant_unmap,
    translated_grant_replace,
    arch_translations_drop,
    hide_device,
    translated_steal,
    translated_accept,
    translated_take_out,
    translated_put_in,
    translated_relinquish,
};

constexpr MemoryModel model_dom0_pmt =
    with_reader(model_translated, XS_MODEL_DOM0_PMT, "dom0_pmt", P2mReader::privileged);
constexpr MemoryModel model_exposed =
    with_reader(model_translated, XS_MODEL_EXPOSED, "exposed", P2mReader::itself);

const MemoryModel* const arch_memory_models[] = {&model_direct, &model_translated, &model_dom0_pmt,
                                                 &model_exposed, nullptr};

}  // namespace hv
