#include "guests/lib/stream/records.h"

namespace stream {
namespace {

constexpr u8 x86 = pv_bit | hvm_bit, all = x86 | ia64_bit;
constexpr u8 in_static = part_bit(Part::static_data), in_memory = part_bit(Part::memory);
constexpr u8 in_pages = in_memory | part_bit(Part::verifying), in_context = part_bit(Part::context);
constexpr u8 behind_static = in_pages | in_context, anywhere = in_static | behind_static;
constexpr u32 vcpu_header = sizeof(VcpuHeader);
constexpr u32 page_data_most = sizeof(PageDataHeader) + batch_most * (sizeof(u64) + page_bytes);
static_assert(page_data_most <= record_most);

// What both HVM_CONTEXT and a record of IA-64's carry stands twice.
constexpr RecordRule rules[] = {
    {Content::end, rec_end, context_none, all, in_context, Part::ended, true, 0, 0, 1},
    {Content::static_data_end, rec_static_data_end, context_none, all, in_static, Part::memory, true, 0, 0,
     1},
    {Content::info, rec_hvm_context, context_info, x86, in_static, Part::static_data, true,
     sizeof(DomainInfo), sizeof(DomainInfo), 1},
    {Content::info, rec_xs_info, context_none, ia64_bit, in_static, Part::static_data, true,
     sizeof(DomainInfo), sizeof(DomainInfo), 1},
    {Content::configuration, rec_hvm_context, context_configuration, x86, in_static, Part::static_data, true,
     sizeof(ConfigurationHeader), configuration_most, 1},
    {Content::configuration, rec_xs_configuration, context_none, ia64_bit, in_static, Part::static_data, true,
     sizeof(ConfigurationHeader), configuration_most, 1},
    {Content::pv_info, rec_x86_pv_info, context_none, pv_bit, in_static, Part::static_data, true,
     sizeof(PvInfo), sizeof(PvInfo), 1},
    {Content::cpuid_policy, rec_x86_cpuid_policy, context_none, x86, in_static, Part::static_data, true,
     cpuid_bytes, policy_most* cpuid_bytes, cpuid_bytes},
    {Content::msr_policy, rec_x86_msr_policy, context_none, x86, in_static, Part::static_data, true,
     msr_bytes, policy_most* msr_bytes, msr_bytes},
    {Content::p2m_frames, rec_x86_pv_p2m_frames, context_none, pv_bit, in_memory, Part::memory, true,
     sizeof(P2mRange) + sizeof(u64), record_most, sizeof(u64)},
    {Content::pages, rec_page_data, context_none, all, in_pages, Part::memory, false,
     sizeof(PageDataHeader) + sizeof(u64), page_data_most, sizeof(u64)},
    {Content::verify, rec_verify, context_none, all, in_memory, Part::verifying, true, 0, 0, 1},
    {Content::tsc, rec_x86_tsc_info, context_none, x86, behind_static, Part::context, true, sizeof(TscInfo),
     sizeof(TscInfo), 1},
    {Content::hvm_params, rec_hvm_params, context_none, hvm_bit, behind_static, Part::context, true,
     sizeof(HvmParamsHeader), sizeof(HvmParamsHeader) + param_most * sizeof(HvmParam), sizeof(HvmParam)},
    {Content::shared_info, rec_shared_info, context_none, all, behind_static, Part::context, true, page_bytes,
     page_bytes, 1},
    {Content::state, rec_hvm_context, context_state, x86, behind_static, Part::context, true,
     sizeof(DomainState), sizeof(DomainState), 1},
    {Content::state, rec_xs_state, context_none, ia64_bit, behind_static, Part::context, true,
     sizeof(DomainState), sizeof(DomainState), 1},
    {Content::vcpu, rec_x86_pv_vcpu_basic, context_none, pv_bit, behind_static, Part::context, false,
     vcpu_header + x86_context_bytes, vcpu_header + x86_context_bytes, 1},
    {Content::vcpu, rec_hvm_context, context_vcpu, hvm_bit, behind_static, Part::context, false,
     vcpu_header + x86_context_bytes, vcpu_header + x86_context_bytes, 1},
    {Content::vcpu, rec_xs_vcpu, context_none, ia64_bit, behind_static, Part::context, false,
     vcpu_header + ia64_context_bytes, vcpu_header + ia64_context_bytes, 1},
    {Content::vcpu_extended, rec_x86_pv_vcpu_extended, context_none, pv_bit, behind_static, Part::context,
     false, vcpu_header, vcpu_header + extended_most, 1},
    {Content::vcpu_extended, rec_hvm_context, context_vcpu_extended, hvm_bit, behind_static, Part::context,
     false, vcpu_header, vcpu_header + extended_most, 1},
    {Content::vcpu_extended, rec_xs_vcpu_extended, context_none, ia64_bit, behind_static, Part::context,
     false, vcpu_header, vcpu_header + extended_most, 1},
    {Content::vcpu_xsave, rec_x86_pv_vcpu_xsave, context_none, pv_bit, behind_static, Part::context, false,
     vcpu_header, vcpu_header + xsave_most, 1},
    {Content::vcpu_msrs, rec_x86_pv_vcpu_msrs, context_none, pv_bit, behind_static, Part::context, false,
     vcpu_header, vcpu_header + policy_most* msr_bytes, msr_bytes},
};
constexpr RecordRule skipped_rule{
    Content::skipped, 0, context_none, all, anywhere, Part::static_data, false, 0, record_most, 1};

struct TypeName {
  u32 type;
  const char* name;
};
constexpr TypeName type_names[] = {
    {rec_end, "END"},
    {rec_page_data, "PAGE_DATA"},
    {rec_x86_pv_info, "X86_PV_INFO"},
    {rec_x86_pv_p2m_frames, "X86_PV_P2M_FRAMES"},
    {rec_x86_pv_vcpu_basic, "X86_PV_VCPU_BASIC"},
    {rec_x86_pv_vcpu_extended, "X86_PV_VCPU_EXTENDED"},
    {rec_x86_pv_vcpu_xsave, "X86_PV_VCPU_XSAVE"},
    {rec_shared_info, "SHARED_INFO"},
    {rec_x86_tsc_info, "X86_TSC_INFO"},
    {rec_hvm_context, "HVM_CONTEXT"},
    {rec_hvm_params, "HVM_PARAMS"},
    {rec_toolstack, "TOOLSTACK"},
    {rec_x86_pv_vcpu_msrs, "X86_PV_VCPU_MSRS"},
    {rec_verify, "VERIFY"},
    {rec_checkpoint, "CHECKPOINT"},
    {rec_checkpoint_dirty_pfn_list, "CHECKPOINT_DIRTY_PFN_LIST"},
    {rec_static_data_end, "STATIC_DATA_END"},
    {rec_x86_cpuid_policy, "X86_CPUID_POLICY"},
    {rec_x86_msr_policy, "X86_MSR_POLICY"},
    {rec_xs_info, "XS_INFO"},
    {rec_xs_state, "XS_STATE"},
    {rec_xs_vcpu, "XS_VCPU"},
    {rec_xs_vcpu_extended, "XS_VCPU_EXTENDED"},
    {rec_xs_configuration, "XS_CONFIGURATION"},
};

constexpr const char* content_names[] = {
    "end of static data", "domain",      "configuration", "PV information", "CPUID policy",
    "MSR policy",         "P2M frames",  "pages",         "verification",   "time",
    "parameters",         "shared_info", "state",         "VCPU context",   "VCPU extension",
    "VCPU XSAVE area",    "VCPU MSRs",   "end",           "skipped",
};
static_assert(count_of(content_names) == size_t(Content::count));

const char* known_name(u32 type) {
  for (const TypeName& n : type_names)
    if (n.type == type) return n.name;
  return nullptr;
}
}  // namespace

u8 domain_bit(DomainType type) {
  switch (type) {
    case DomainType::x86_pv:
      return pv_bit;
    case DomainType::x86_hvm:
      return hvm_bit;
    case DomainType::ia64:
      return ia64_bit;
  }
  return 0;
}

const RecordRule* find_rule(DomainType domain, u32 type, ContextKind kind, Fault& why) {
  bool is_of_another = false, is_container = false;
  for (const RecordRule& r : rules) {
    if (r.type != type) continue;
    is_container = r.kind != context_none;
    if (r.kind != kind) continue;
    if (r.domains & domain_bit(domain)) return &r;
    is_of_another = true;
  }
  if (type & record_optional) return &skipped_rule;
  if (is_of_another)
    why = Fault::other_domain_type;
  else if (is_container)
    why = Fault::bad_context;
  else
    why = known_name(type) ? Fault::unsupported_record : Fault::unknown_record;
  return nullptr;
}

const RecordRule* find_rule(DomainType domain, Content content) {
  for (const RecordRule& r : rules)
    if (r.content == content && (r.domains & domain_bit(domain))) return &r;
  return nullptr;
}

Fault check_length(const RecordRule& rule, u32 bytes) {
  const bool fits = bytes >= rule.least && bytes <= rule.most && (bytes - rule.least) % rule.step == 0;
  return fits ? Fault::none : Fault::bad_length;
}

const char* type_name(u32 type) {
  if (const char* name = known_name(type)) return name;
  return type & record_optional ? "optional" : "unknown";
}

const char* content_name(Content content) { return content_names[size_t(content)]; }

const char* domain_type_name(DomainType type) {
  switch (type) {
    case DomainType::x86_pv:
      return "x86 PV";
    case DomainType::x86_hvm:
      return "x86 HVM";
    case DomainType::ia64:
      return "IA-64";
  }
  return "unknown";
}

}  // namespace stream
