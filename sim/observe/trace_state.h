// The machine as a trace tells it: what all events up to some point add up to. The observer keeps one while
// the machine runs and writes it out as keyframes; a reader loads a keyframe and applies the events after it.
//
//     RamMap    [first MFN, count) -> dense index           (holes take no space)
//     frames    index -> { GFN (M2P), owner, type bits }    16 bytes a frame
//     owners    owner -> frames by type                     kept, not recounted
//     domains   domid -> { life cycle, P2M: GFN -> MFN in blocks of 512, event channels, grant table's pages
//     } grants    in use: (granter, reference, user) -> { frame, mappings } vcpus     dv -> stack of open
//     operations              a multicall nests cpus      -> dv that runs
#pragma once
#include <map>
#include <span>
#include <string>
#include <vector>

#include "sim/core/error.h"
#include "sim/observe/event.h"
#include "sim/observe/grants.h"
#include "sim/observe/ownership.h"

namespace xs::observe {

class RamMap {
 public:
  struct Range {
    u64 first = 0, count = 0;
    u32 index = 0;  ///< dense index of `first`
  };
  static constexpr u32 none = ~u32{0};
  /// Ascending and disjoint; throws Error otherwise or beyond 2^26 frames (256 GiB).
  void add(u64 first_mfn, u64 count);
  u32 index(u64 mfn) const {
    for (const Range& r : ranges_)
      if (mfn - r.first < r.count) return r.index + static_cast<u32>(mfn - r.first);
    return none;
  }
  u64 mfn(u32 index) const;
  u64 frames() const { return frames_; }
  const std::vector<Range>& ranges() const { return ranges_; }

 private:
  std::vector<Range> ranges_;
  u64 frames_ = 0;
};

struct FrameState {
  u64 gfn = XS_M2P_INVALID;
  u32 owner = XS_OWNER_NONE;
  u8 type_bits = 0;  ///< type_info >> 58
  bool operator==(const FrameState&) const = default;
};
constexpr u8 type_bits_of(u64 type_info) { return static_cast<u8>(type_info >> 58); }
constexpr unsigned type_of_bits(u8 bits) { return bits >> 2; }
constexpr bool pinned_bits(u8 bits) { return bits & 2; }
constexpr bool validated_bits(u8 bits) { return bits & 1; }

/// GFN -> MFN of one guest, sparse.
class P2mTable {
 public:
  static constexpr u64 block_entries = 512;
  static constexpr u64 max_gfn = u64{1} << 36;  ///< 256 TiB of guest-physical addresses
  static constexpr u64 max_run = 1 << 20;       ///< entries of one p2m_run event
  u64 get(u64 gfn) const;
  /// False when the entry cannot be held (GFN beyond max_gfn, or `budget` blocks used up).
  bool set(u64 gfn, u64 mfn, u64& budget);
  /// Forgets everything and gives its blocks back to `budget`.
  void clear(u64& budget);
  bool empty() const { return blocks_.empty(); }
  /// Calls fn(gfn, mfn) for each valid entry, ascending.
  template <typename Fn>
  void for_each(Fn fn) const {
    for (const auto& [number, block] : blocks_)
      for (u64 i = 0; i < block_entries; ++i)
        if (block[i] != invalid_frame) fn(number * block_entries + i, block[i]);
  }
  bool operator==(const P2mTable& other) const;

 private:
  std::map<u64, std::vector<u64>> blocks_;
};

struct OpenOperation {
  u64 operation = 0, subject = 0, begin_ps = 0;
  bool operator==(const OpenOperation&) const = default;
};

/// Of memory_op, whichever sub-operation.
bool is_memory_operation(u64 operation);
/// Of grant_table_op.
bool is_grant_operation(u64 operation);

/// How many open operations a new one ends: only a multicall's entries nest, so whatever else is still open
/// never returned to the guest (iret, shutdown).
std::size_t ended_by_begin(const std::vector<OpenOperation>& stack, u64 operation);
/// How many its end closes: itself and what is above it; 0 when it is not open.
std::size_t ended_by_end(const std::vector<OpenOperation>& stack, u64 operation);

/// What an event channel leads to.
struct EventPort {
  xs_port kind = XS_PORT_CLOSED;
  u32 vcpu = 0;                           ///< that is notified
  u32 remote_domid = 0, remote_port = 0;  ///< interdomain: the peer
  u64 received = 0;                       ///< events
  bool operator==(const EventPort&) const = default;
};

struct DomainRecord {
  u64 shared_info_mfn = XS_M2P_INVALID;
  u32 model = 0, state = 0, shutdown_reason = 0;
  bool ready = false;
  u64 created_ps = 0, changed_ps = 0;
  u64 hypercalls = 0, p2m_stores = 0;
  u32 name = 0;       ///< string; 0 = none
  u64 memory_ps = 0;  ///< last change of its frames' M2P or of its P2M
  P2mTable p2m;
  std::map<u32, EventPort> ports;  ///< open event channels
  std::map<u32, u64> grant_pages;  ///< number -> MFN, as long as it has one
  bool operator==(const DomainRecord&) const = default;
};

class TraceState {
 public:
  static constexpr unsigned max_depth = 8;  ///< open operations of one VCPU
  static constexpr unsigned max_cpus = 64;
  static constexpr u32 max_ports = 4096;          ///< of a domain: EVTCHN_2L_NR_CHANNELS
  static constexpr u32 max_grant_pages = 1024;    ///< of a domain
  static constexpr u64 max_p2m_blocks = 1 << 15;  ///< of all domains together: 64 GiB of guest memory

  explicit TraceState(RamMap ram);
  TraceState(const TraceState&) = delete;
  TraceState& operator=(const TraceState&) = delete;

  /// Throws Error on an event that cannot be (frame outside RAM, undefined string).
  void apply(const Event& event);

  const RamMap& ram() const { return ram_; }
  const FrameState& frame(u32 index) const { return frames_[index]; }
  const std::map<u32, DomainRecord>& domains() const { return domains_; }
  const std::map<u64, std::vector<OpenOperation>>& vcpus() const { return vcpus_; }
  u64 running(unsigned cpu) const { return cpu < running_.size() ? running_[cpu] : idle_dv; }
  /// Innermost open operation of the VCPU that runs on `cpu`; null when there is none.
  const OpenOperation* operation(unsigned cpu) const;
  bool has_open_operation(u32 domid) const;
  /// A closed one when there is no such port.
  EventPort port(u32 domid, u32 port) const;
  const GrantsInUse& grants() const { return grants_; }
  const std::string& string(u64 id) const;
  u32 strings() const { return static_cast<u32>(strings_.size()); }
  u64 owned(u32 owner) const;
  u64 time_ps() const { return time_ps_; }
  /// What each event does: cores are not in step, and the state's time is that of the latest.
  void pass_to(u64 time_ps) { time_ps_ = time_ps > time_ps_ ? time_ps : time_ps_; }
  OwnershipTable ownership() const;
  DomainInfo domain_info(u32 domid) const;
  /// Its P2M as recorded, else from the M2P of its frames; ascending by GFN. None for an unknown domain.
  std::vector<P2mEntry> p2m_entries(u32 domid) const;
  std::string domain_label(u32 domid) const;  ///< "dom3 (web)"

  // Hot path of the observer: the caller knows that the frame exists.
  void set_owner(u32 index, u32 owner);
  void set_type(u32 index, u8 bits);
  void set_gfn(u32 index, u64 gfn) { frames_[index].gfn = gfn; }

  /// Keyframe bytes, and back. `load` throws Error on malformed bytes.
  std::vector<u8> save() const;
  void load(std::span<const u8> bytes);

  /// Equal in everything that queries show.
  bool operator==(const TraceState& other) const;

  friend class Keyframe;  ///< trace_keyframe.cpp

 private:
  struct OwnerRow {
    u64 frames = 0, pinned = 0;
    std::array<u64, frame_types> by_type{};
    bool operator==(const OwnerRow&) const = default;
  };
  struct Caller {
    u64 dv = ~u64{0};
    std::vector<OpenOperation>* stack = nullptr;
    DomainRecord* domain = nullptr;  ///< null: unknown as yet
  };
  OwnerRow& row(u32 owner);
  void count(const FrameState& frame, u64 delta);
  void apply_frame(const Event& event);
  void apply_p2m(const Event& event);
  void apply_domain(const Event& event);
  void apply_operation(const Event& event);
  void apply_event_channel(const Event& event);
  void apply_grant(const Event& event);
  Caller& caller(u64 dv);
  u32 frame_index(u64 mfn) const;
  DomainRecord& domain_record(u64 domid);
  void set_running(unsigned cpu, u64 dv);

  RamMap ram_;
  std::vector<FrameState> frames_;
  std::map<u32, OwnerRow> owners_;
  OwnerRow* last_row_ = nullptr;  ///< cache: stores come in runs of one owner
  u32 last_owner_ = XS_OWNER_NONE;
  std::map<u32, DomainRecord> domains_;
  std::map<u64, std::vector<OpenOperation>> vcpus_;
  Caller last_caller_;  ///< cache: operations come in runs of one VCPU
  std::vector<u64> running_;
  GrantsInUse grants_;
  std::vector<std::string> strings_{std::string()};  ///< id 0: ""
  u64 p2m_budget_ = max_p2m_blocks;
  u64 time_ps_ = 0;
};

}  // namespace xs::observe
