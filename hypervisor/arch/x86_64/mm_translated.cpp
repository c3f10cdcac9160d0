// Memory models on x86-64 whose page tables are the guest's own memory: the CPU walks shadow tables
// (mm_shadow.h).
//
//   translated   a PV64 guest whose tables and CR3 hold GFNs; the P2M is common (common/translated.h)
//   identity     they hold MFNs, which are its GFNs (common/identity.h)
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/identity.h"
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
    true,
    P2mReader::nobody,
    false,
    translated_domain_init,
    translated_frame_of,
    translated_name_of,
    translated_backing,
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

constexpr MemoryModel model_identity = {
    XS_MODEL_IDENTITY,
    "identity",
    1u << XENFEAT_writable_page_tables | 1u << XENFEAT_pae_pgdir_above_4gb | 1u << XENFEAT_highmem_assist,
    false,
    true,
    P2mReader::nobody,
    true,
    identity_domain_init,
    identity_frame_of,
    identity_name_of,
    identity_backing,
    identity_populate,
    identity_remove,
    identity_map_shared,
    identity_map_foreign,
    identity_unmap,
    identity_grant_map,
    identity_grant_unmap,
    identity_grant_replace,
    arch_translations_drop,
    hide_device,
    identity_steal,
    identity_accept,
    identity_take_out,
    identity_put_in,
    identity_relinquish,
};

constexpr MemoryModel model_dom0_pmt =
    with_reader(model_translated, XS_MODEL_DOM0_PMT, "dom0_pmt", P2mReader::privileged);
constexpr MemoryModel model_exposed =
    with_reader(model_translated, XS_MODEL_EXPOSED, "exposed", P2mReader::itself);

const MemoryModel* const arch_memory_models[] = {&model_direct,  &model_translated, &model_dom0_pmt,
                                                 &model_exposed, &model_identity,   nullptr};

}  // namespace hv
