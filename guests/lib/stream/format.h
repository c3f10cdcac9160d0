// Layout of a saved or migrating domain: libxc's migration stream, version 3 (docs/stream.md). Numbers are
// Xen's (docs/specs/libxc-migration-stream in its source) but for those that begin with `xs`, and plain for
// both architectures: nothing here depends on the one it is compiled for.
#pragma once
#include "guests/lib/types.h"

namespace stream {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records are written as they lie in memory");

// --- headers: image, domain, then records. The image header is big-endian, everything else little-endian.
// ---
struct ImageHeader {
  u64 marker;
  u32 id, version;
  u16 options;  // bit 0: what follows is big-endian; the others 0
  u16 zero16;
  u32 zero32;
};
static_assert(sizeof(ImageHeader) == 24);
constexpr u64 image_marker = ~0ull;
constexpr u32 image_id = 0x58454e46;  // "XENF"
constexpr u32 image_version = 3;
constexpr u16 image_big_endian = 1;

enum class DomainType : u32 { x86_pv = 1, x86_hvm = 2, ia64 = 0x58530040 };

struct DomainHeader {
  DomainType type;
  u16 page_shift, zero;
  u32 xen_major, xen_minor;  // of who wrote it; major 0: converted from an older format
};
static_assert(sizeof(DomainHeader) == 16);
constexpr u16 page_shift = 12;
constexpr u32 page_bytes = 1u << page_shift;

struct RecordHeader {
  u32 type;    // RecordType
  u32 length;  // of the body, which zeros fill up to a multiple of 8
};
static_assert(sizeof(RecordHeader) == 8);
constexpr u32 record_align = 8;
constexpr u32 record_optional = 1u << 31;  // in a type: who does not know it goes on
constexpr u32 record_most = 8 * MiB;       // bytes of a body, of any type

enum RecordType : u32 {
  rec_end = 0x00,
  rec_page_data = 0x01,
  rec_x86_pv_info = 0x02,
  rec_x86_pv_p2m_frames = 0x03,
  rec_x86_pv_vcpu_basic = 0x04,
  rec_x86_pv_vcpu_extended = 0x05,
  rec_x86_pv_vcpu_xsave = 0x06,
  rec_shared_info = 0x07,
  rec_x86_tsc_info = 0x08,
  rec_hvm_context = 0x09,
  rec_hvm_params = 0x0a,
  rec_toolstack = 0x0b,
  rec_x86_pv_vcpu_msrs = 0x0c,
  rec_verify = 0x0d,
  rec_checkpoint = 0x0e,
  rec_checkpoint_dirty_pfn_list = 0x0f,
  rec_static_data_end = 0x10,
  rec_x86_cpuid_policy = 0x11,
  rec_x86_msr_policy = 0x12,
  // Ours, for IA-64 alone.
  rec_xs_info = 0x58530001,
  rec_xs_state = 0x58530002,
  rec_xs_vcpu = 0x58530003,
  rec_xs_vcpu_extended = 0x58530004,
  rec_xs_configuration = 0x58530005 | record_optional,
};

// --- PAGE_DATA: PageDataHeader, u64 entries[count], then a page for each entry that has one ---
struct PageDataHeader {
  u32 count, zero;
};
static_assert(sizeof(PageDataHeader) == 8);
constexpr u32 batch_most = 1024;  // entries, as libxc

constexpr u64 pfn_mask = (1ull << 52) - 1;
constexpr u64 pfn_zero_mask = 0xffull << 52;
constexpr u32 page_type_shift = 60;

enum class PageType : u8 {  // XEN_DOMCTL_PFINFO_*
  normal = 0,
  l1 = 1,
  l2 = 2,
  l3 = 3,
  l4 = 4,
  pinned = 8,  // with l1 to l4
  broken = 0xd,
  allocate_only = 0xe,  // is memory, contents follow in a later batch or never mattered
  absent = 0xf,         // is no memory (any more)
};

constexpr u64 page_entry(u64 pfn, PageType type) { return u64(type) << page_type_shift | pfn; }
constexpr u64 entry_pfn(u64 entry) { return entry & pfn_mask; }
constexpr PageType entry_type(u64 entry) { return PageType(entry >> page_type_shift); }
constexpr bool is_page_table(PageType type) {
  const u8 level = u8(type) & 7u;
  return level >= 1 && level <= 4;
}
constexpr bool is_page_type(PageType type) {
  return type == PageType::normal || u8(type) >= u8(PageType::broken) || is_page_table(type);
}
constexpr bool has_contents(PageType type) { return type == PageType::normal || is_page_table(type); }

// --- x86 PV ---
struct PvInfo {
  u8 width, levels;  // bytes of a word, levels of page tables
  u16 zero16;
  u32 zero32;
};
static_assert(sizeof(PvInfo) == 8);

struct P2mRange {  // X86_PV_P2M_FRAMES: then u64 PFNs of the frames that hold the P2M's entries of these
  u32 first, last;
};
static_assert(sizeof(P2mRange) == 8);
constexpr u32 p2m_entries = page_bytes / 8;  // of a frame
constexpr u32 p2m_frame_count(P2mRange r) { return r.last / p2m_entries - r.first / p2m_entries + 1; }

struct VcpuHeader {  // X86_PV_VCPU_*, and ours: then the context
  u32 id, zero;
};
static_assert(sizeof(VcpuHeader) == 8);
constexpr u32 vcpu_most = 128;            // VCPUs of a domain
constexpr u32 x86_context_bytes = 5168;   // vcpu_guest_context_t of <xen/xen.h>
constexpr u32 ia64_context_bytes = 8256;  // that of hypervisor/abi/arch_ia64.h
constexpr u32 extended_most =
    2 * page_bytes;  // xen_domctl_ext_vcpucontext; IA-64: the page of privileged registers
constexpr u32 xsave_most = 4 * page_bytes;
constexpr u32 msr_bytes = 16;      // xen_domctl_vcpu_msr, xen_msr_entry_t
constexpr u32 cpuid_bytes = 24;    // xen_cpuid_leaf_t
constexpr u32 policy_most = 1024;  // leaves, or MSRs

// --- x86 of both types ---
struct TscInfo {
  u32 mode, khz;
  u64 ns;
  u32 incarnation, zero;
};
static_assert(sizeof(TscInfo) == 24);

struct HvmParamsHeader {
  u32 count, zero;
};
static_assert(sizeof(HvmParamsHeader) == 8);
struct HvmParam {
  u64 index, value;  // HVM_PARAM_* of <xen/hvm/params.h>
};
static_assert(sizeof(HvmParam) == 16);
constexpr u32 param_most = 64;

// --- ours. On IA-64 these are records; on x86 each is an HVM_CONTEXT record, whose body begins with this
// header, because Xen 4.17's verify-stream-v2 takes no type that it does not know, optional or not. ---
struct ContextHeader {
  u32 id;
  u16 version, kind;  // ContextKind
};
static_assert(sizeof(ContextHeader) == 8);
constexpr u32 context_id = 0x54435358;  // "XSCT"
constexpr u16 context_version = 1;
enum ContextKind : u16 {
  context_none = 0,
  context_info = 1,
  context_state = 2,
  context_vcpu = 3,
  context_vcpu_extended = 4,
  context_configuration = 5,
};

// What the receiver must know to make the domain. Static data.
struct DomainInfo {
  u32 model;        // enum xs_memory_model
  u32 vcpus;        // that it may have: identifiers are below
  u64 pages_most;   // memory that it may ever have
  u64 gfn_end;      // numbers of its pages are below
  u8 handle[16];    // UUID
  u64 reserved[2];  // 0
};
static_assert(sizeof(DomainInfo) == 56);
constexpr u64 gfn_end_most = 1ull << 36;  // as a P2M has (docs/memory-models.md)

// What there is beside memory and VCPUs when the domain stands still. `no_gfn` and port 0: there is none.
struct DomainState {
  u64 shared_info_gfn, store_gfn, console_gfn;
  u32 store_port, console_port;
  u64 p2m_place,
      p2m_gfns;  // its own P2M as shown to itself (hypervisor/abi/pmt.h): where, of how many GFNs; 0: not
  u32 p2m_form;  // XS_PMT_*
  u32 zero;
  u64 reserved[2];  // 0
};
static_assert(sizeof(DomainState) == 72);
constexpr u64 no_gfn = ~0ull;
constexpr u32 port_end = 4096;  // two-level event channels

// Then `count` texts "key=value", each ended by a zero byte. What they say is the toolstacks' business.
struct ConfigurationHeader {
  u32 count, zero;
};
static_assert(sizeof(ConfigurationHeader) == 8);
constexpr u32 setting_most = 2048;  // bytes of a text with its end
constexpr u32 settings_most = 256;
constexpr u32 configuration_most = 64 * KiB;

constexpr u32 padding_of(u32 length) { return (record_align - length % record_align) % record_align; }

}  // namespace stream
