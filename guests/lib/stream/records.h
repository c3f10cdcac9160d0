// Which records there are: of which domains, in which part of a stream, how long.
#pragma once
#include "guests/lib/stream/fault.h"
#include "guests/lib/stream/format.h"

namespace stream {

// What a record is about, however its domain's type writes it.
enum class Content : u8 {
  static_data_end,
  info,           // DomainInfo
  configuration,  // settings
  pv_info,
  cpuid_policy,
  msr_policy,
  p2m_frames,
  pages,
  verify,
  tsc,
  hvm_params,
  shared_info,
  state,  // DomainState
  vcpu,   // vcpu_guest_context
  vcpu_extended,
  vcpu_xsave,
  vcpu_msrs,
  end,
  skipped,  // optional, and unknown
  count
};
constexpr u32 content_bit(Content c) { return 1u << u32(c); }

// Parts of a stream, one after the other. `verifying`: memory again, for the receiver to compare.
enum class Part : u8 { static_data, memory, verifying, context, ended };
constexpr u8 part_bit(Part p) { return u8(1u << u32(p)); }

struct RecordRule {
  Content content;
  u32 type;          // RecordType
  ContextKind kind;  // of an HVM_CONTEXT
  u8 domains;        // of which types: bits of domain_bit()
  u8 parts;          // in which parts it may come
  Part leads_to;     // from then on at least
  bool once;
  u32 least, most,
      step;  // bytes of the body without its ContextHeader: from, to, multiple of `step` more than `least`
};

constexpr u8 pv_bit = 1, hvm_bit = 2, ia64_bit = 4;
u8 domain_bit(DomainType type);  // 0: there is no such type

// The rule, or null with the reason. An unknown optional record gets the rule of Content::skipped.
const RecordRule* find_rule(DomainType domain, u32 type, ContextKind kind, Fault& why);
// How a domain of this type writes the content, or null.
const RecordRule* find_rule(DomainType domain, Content content);
Fault check_length(const RecordRule& rule, u32 bytes);

// As in Xen's headers without prefix; "optional" or "unknown" for others.
const char* type_name(u32 type);
const char* content_name(Content content);
const char* domain_type_name(DomainType type);

}  // namespace stream
