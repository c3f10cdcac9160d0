#include "guests/lib/stream/progress.h"

#include "hypervisor/abi/observe.h"
#include "hypervisor/abi/pmt.h"

namespace stream {
namespace {

constexpr u32 model_bit(xs_memory_model m) { return 1u << m; }
constexpr u32 behind_a_p2m =
    model_bit(XS_MODEL_TRANSLATED) | model_bit(XS_MODEL_DOM0_PMT) | model_bit(XS_MODEL_EXPOSED);

// A domain in model identity lies where its numbers say: nobody else can be it.
u32 models_of(DomainType type) {
  switch (type) {
    case DomainType::x86_pv:
      return model_bit(XS_MODEL_DIRECT);
    case DomainType::x86_hvm:
      return behind_a_p2m | model_bit(XS_MODEL_NESTED);
    case DomainType::ia64:
      return behind_a_p2m;
  }
  return 0;
}

// Without which no domain can be made of a stream.
u32 needs_before_memory(DomainType type) {
  return content_bit(type == DomainType::x86_pv ? Content::pv_info : Content::info);
}
u32 needs_at_end(DomainType type) {
  const u32 all = content_bit(Content::vcpu) | content_bit(Content::shared_info);
  return all | content_bit(type == DomainType::x86_pv ? Content::p2m_frames : Content::state);
}

Fault fault_unless(bool good, Fault fault) { return good ? Fault::none : fault; }
}  // namespace

void Progress::set_limits(u64 pfn_end, u32 vcpu_end) {
  pfn_end_ = min_of(pfn_end, gfn_end_most);
  vcpu_end_ = min_of(vcpu_end, vcpu_most);
}

Fault Progress::missing() const {
  const u32 needed = needs_before_memory(type_) | needs_at_end(type_);
  return fault_unless((seen_ & needed) == needed, Fault::incomplete);
}

Fault Progress::admit(const RecordRule& rule) {
  if (rule.once && has(rule.content)) return Fault::duplicate;
  if (!(rule.parts & part_bit(part_))) return Fault::out_of_order;
  if (rule.content == Content::static_data_end) {
    const u32 needed = needs_before_memory(type_);
    if ((seen_ & needed) != needed) return Fault::incomplete;
  }
  if (rule.content == Content::pages && type_ == DomainType::x86_pv && !has(Content::p2m_frames))
    return Fault::pages_too_early;
  if (rule.content == Content::end && missing() != Fault::none) return Fault::incomplete;
  seen_ |= content_bit(rule.content);
  part_ = max_of(part_, rule.leads_to);
  return Fault::none;
}

Fault Progress::admit_vcpu(Content content, u32 id) {
  const u32 which = u32(content) - u32(Content::vcpu);
  if (id >= vcpu_end_) return Fault::bad_vcpu;
  const u64 bit = 1ull << id % 64;
  if (content != Content::vcpu && !(vcpus_[0][id / 64] & bit)) return Fault::vcpu_without_context;
  if (vcpus_[which][id / 64] & bit) return Fault::duplicate_vcpu;
  vcpus_[which][id / 64] |= bit;
  return Fault::none;
}

Fault Progress::check(const PvInfo& i) const {
  if (i.zero16 || i.zero32) return Fault::reserved_not_zero;
  return fault_unless(i.width == 8 && i.levels == 4, Fault::bad_pv_info);
}

Fault Progress::check(const DomainInfo& i) {
  if (i.reserved[0] || i.reserved[1]) return Fault::reserved_not_zero;
  if (i.model >= 32 || !(models_of(type_) & 1u << i.model)) return Fault::bad_model;
  if (!i.vcpus || !i.pages_most || !i.gfn_end || i.pages_most > gfn_end_most) return Fault::bad_info;
  if (i.vcpus > vcpu_end_ || i.gfn_end > pfn_end_) return Fault::too_large;
  set_limits(i.gfn_end, i.vcpus);
  return Fault::none;
}

Fault Progress::check(const P2mRange& r, u64 frames) {
  if (r.first > r.last || p2m_frame_count(r) != frames) return Fault::bad_p2m_range;
  if (r.last >= pfn_end_) return Fault::too_large;
  pfn_end_ = u64{r.last} + 1;
  return Fault::none;
}

Fault Progress::check(const DomainState& s) const {
  if (s.zero || s.reserved[0] || s.reserved[1]) return Fault::reserved_not_zero;
  const u64 gfns[] = {s.shared_info_gfn, s.store_gfn, s.console_gfn};
  for (const u64 gfn : gfns)
    if (gfn != no_gfn && gfn >= gfn_end_most) return Fault::bad_state;
  if (s.store_port >= port_end || s.console_port >= port_end) return Fault::bad_state;
  if (s.p2m_form & ~(XS_PMT_TREE | XS_PMT_PLAIN | XS_PMT_WRITABLE)) return Fault::bad_state;
  return fault_unless(s.p2m_gfns <= gfn_end_most && s.p2m_place < gfn_end_most, Fault::bad_state);
}

Fault Progress::check_entry(u64 entry) const {
  if (entry & pfn_zero_mask) return Fault::reserved_not_zero;
  const PageType type = entry_type(entry);
  if (!is_page_type(type)) return Fault::bad_page_type;
  if (is_page_table(type) && type_ != DomainType::x86_pv) return Fault::bad_page_type;
  return check_pfn(entry_pfn(entry));
}

Fault check_setting(const char* text, u32 bytes) {
  if (bytes < 3 || bytes > setting_most || text[bytes - 1] || text[0] == '=') return Fault::bad_setting;
  bool has_key = false;
  for (u32 i = 0; i + 1 < bytes; i++) {
    const u8 c = u8(text[i]);
    if ((c < ' ' && c != '\t') || c == 0x7f) return Fault::bad_setting;
    if (c == '=') has_key = true;
  }
  return fault_unless(has_key, Fault::bad_setting);
}

}  // namespace stream
