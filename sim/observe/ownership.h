// Plain answers of the observer: who owns what. All rows are ordered, so that printing them is
// deterministic.
#pragma once
#include <array>
#include <string>
#include <vector>

#include "hypervisor/abi/observe.h"
#include "sim/core/types.h"

namespace xs::observe {

inline constexpr unsigned frame_types = 16;  ///< values of the 4-bit type field

/// The hypervisor holds the P2M of domains of this model.
constexpr bool holds_p2m(u32 model) {
  return model == XS_MODEL_TRANSLATED || model == XS_MODEL_DOM0_PMT || model == XS_MODEL_EXPOSED;
}

/// One entry of the replica, decoded.
struct FrameView {
  u64 mfn = 0;
  u32 owner = XS_OWNER_NONE;
  unsigned type = XS_FRAME_NONE;
  bool pinned = false, validated = false, allocated = false;
  u32 type_count = 0, general_count = 0;
  u64 gfn = XS_M2P_INVALID;  ///< M2P entry
};

/// Frames of one owner. Sum over all rows = frames of RAM.
struct OwnershipRow {
  u32 owner = XS_OWNER_NONE;
  u64 frames = 0;
  std::array<u64, frame_types> by_type{};  ///< index enum xs_frame_type
  u64 pinned = 0;
};

struct OwnershipTable {
  u64 time_ps = 0;
  u64 total_frames = 0;
  std::vector<OwnershipRow> rows;  ///< ascending by owner; owners without frames left out
  /// Frames of `owner`; 0 when it has none.
  u64 frames(u32 owner) const;
  /// Text table: one row per owner, columns by type.
  std::string to_text() const;
};

struct DomainInfo {
  u32 domid = 0;
  std::string name;  ///< as told by Observer::name_domain; may be empty
  xs_memory_model model = XS_MODEL_DIRECT;
  xs_domain_state state = XS_DOM_PAUSED;
  u32 shutdown_reason = 0;  ///< SHUTDOWN_* when state is shutdown
  bool ready = false;       ///< has run at least once
  u64 shared_info_mfn = XS_M2P_INVALID;
  u64 created_ps = 0, changed_ps = 0;  ///< creation, last state change
  u64 frames = 0;                      ///< owned now
  u64 hypercalls = 0;                  ///< outermost operations begun by its VCPUs
  u64 p2m_stores = 0;                  ///< by the guest into its own P2M
};

struct RunningVcpu {
  u32 domid = 0, vcpu = 0;
};

/// One line of a P2M dump.
struct P2mEntry {
  u64 gfn = 0, mfn = 0;
};

/// As xen-mfndump's dump-p2m: "pfn=0x… ==> mfn=0x…" per line.
std::string mfndump_text(const std::vector<P2mEntry>& entries);

/// How big a domain's P2M is, whose memory it takes, and what its entries say.
struct P2mShape {
  u32 domid = 0;
  std::array<u64, 4> held{};  ///< pages of the hypervisor's, by level: leaves first
  u64 own_pages = 0;          ///< pages of entries that the guest keeps itself and has published
  u64 entries = 0;            ///< that name a frame
  u64 same = 0;               ///< of these: the frame of that very number
  u64 read_only = 0, foreign = 0, granted = 0, shared = 0;  ///< of these, in P2Ms that are held
  u64 superpages = 0;                                       ///< that hold 512 entries each
};

/// Words in a domain's own frames, and in pages of P2Ms that it is shown, that are a machine frame's number,
/// an address in it, or a page-table entry with one (leak.h: numbers of heap RAM; those of low RAM may be
/// anything).
struct Exposure {
  u32 domid = 0;
  u64 words = 0;
  u64 own = 0, others = 0;  ///< of these: of frames that are the domain's now, and of all others
  u64 frames = 0;           ///< distinct machine frames among them
};

/// What happened to one frame, newest first.
struct FrameChange {
  enum class What : u8 { owner, type, m2p, grant };  ///< grant: a mapping, told by traces alone
  What what = What::owner;
  u64 time_ps = 0;
  u64 old_value = 0, new_value = 0;  ///< owner id; type bits 63..58; GFN; words of the mark
  u64 pc = 0;                        ///< where the store routine was called
  unsigned cpu = 0;
  bool in_operation = false;
  u64 operation = 0;        ///< hypercall << 32 | sub-operation
  u32 domid = 0, vcpu = 0;  ///< who ran; valid when in_operation
};

/// Difference between the replica and machine memory.
struct Difference {
  std::string text;  ///< one sentence naming frame, field, both values
  u64 mfn = 0;
};

/// Counters by kind of event since the start of the run.
struct ObserverCounters {
  u64 taps = 0;  ///< all tap calls
  u64 frame_stores = 0, owner_changes = 0, type_changes = 0, count_changes = 0;
  u64 m2p_changes = 0, p2m_changes = 0;
  u64 superpages = 0;  ///< in P2Ms that the hypervisor holds, now
  u64 superpages_made = 0;
  std::array<u64, XS_SHATTERED_CAUSES> superpages_shattered{};  ///< by enum xs_shattered
  u64 stores_outside = 0;  ///< tap stores to no known table: the taps or the layout are wrong
  u64 stores_not_ram = 0;  ///< entries of frames that are no RAM (tables are backed in whole pages)
  u64 stores_shadow = 0;   ///< entries of shadow page tables
  u64 shadow_fills = 0, shadow_reflected = 0, shadow_drops = 0, shadow_page_drops = 0, shadow_evictions = 0;
  u64 grant_maps = 0, grant_unmaps = 0, grant_copies = 0, grant_transfers = 0, grant_exchanged = 0;
  u64 grant_active = 0;    ///< mappings in use now
  u64 grant_unjudged = 0;  ///< uses whose entry the granter may have changed since the hypervisor read it
  u64 leaks = 0;           ///< machine addresses returned to a domain that knows none
  u64 operations = 0;      ///< hypercalls begun (multicall entries included)
  u64 switches = 0, events_sent = 0, bounces = 0, tlb_flushes = 0;
  u64 exceptions = 0, interrupts = 0, page_faults = 0;
  u64 tlb_fills = 0, tlb_fills_user = 0;
  u64 log_dirty_reports = 0;             ///< CLEANs and PEEKs
  u64 log_dirty_pages = 0;               ///< reported by CLEANs
  u64 log_dirty_changed = 0;             ///< of these: their contents had changed
  u64 dma_reads = 0, dma_writes = 0;     ///< devices' transfers from and to memory
  u64 dma_foreign = 0;                   ///< frames of these that belong to another domain, rightly
  u64 dma_refused = 0;                   ///< transfers that an IOMMU did not let happen
  u64 iommu_maps = 0, iommu_unmaps = 0;  ///< frames that got a right in a domain's tables, or lost one
  u64 guarded_stores =
      0;  ///< first stores to pages of frame table and M2P; depends on the engine's own table
  u64 unmodelled = 0;
  u64 rejected = 0;  ///< marks that cannot be (unknown mark, no such domain)
  u64 isolation_violations = 0;
  u64 trace_events = 0;
};

}  // namespace xs::observe
