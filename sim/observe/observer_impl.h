// Inside of the Observer. Not for other rooms.
//
//     taps_     PC -> kind (few: searched linearly)
//     tables_   address -> frame table entry and field, or M2P entry
//     state_    what the trace tells (owner, type, M2P, P2M, domains, operations)
//     counts_   what it does not: reference counts, and where a frame's history begins
//     history_  ring of frame changes, chained per frame from newest to oldest
#pragma once
#include <array>
#include <bitset>
#include <unordered_map>

#include "sim/observe/dirty_log.h"
#include "sim/observe/guest_p2m.h"
#include "sim/observe/held_p2m.h"
#include "sim/observe/hypervisor_memory.h"
#include "sim/observe/observer.h"
#include "sim/observe/trace_state.h"
#include "sim/observe/trace_writer.h"

namespace xs::observe {

struct TapPoint {
  u64 pc = 0;
  u32 kind = 0;
  const Image* image = nullptr;
  bool guest = false;
};

/// Where the hypervisor's tables lie, from its layout and the machine's RAM.
struct TableMap {
  enum class Table : u8 { none, frames, m2p };
  u64 frames_va = 0, frames_bytes = 0, m2p_va = 0, m2p_bytes = 0;

  struct Place {
    Table table = Table::none;
    u64 mfn = 0;
    u32 offset = 0;  ///< within the entry
  };
  Place find(u64 va) const {
    if (va - frames_va < frames_bytes) {
      const u64 at = va - frames_va;
      return {Table::frames, at / sizeof(xs_frame), static_cast<u32>(at % sizeof(xs_frame))};
    }
    if (va - m2p_va < m2p_bytes) return {Table::m2p, (va - m2p_va) / 8, static_cast<u32>((va - m2p_va) % 8)};
    return {};
  }
};

struct FrameCounts {
  u64 count_info = 0, type_info = 0;
  u64 newest = 0;  ///< sequence number of its newest HistoryRecord; 0 = none
};

/// Where a VCPU names a frame outside of page tables.
struct KeptSlot {
  u64 dv = 0;
  xs_kept what = XS_KEPT_KERNEL_TABLE;
  u32 page = 0;
  auto operator<=>(const KeptSlot&) const = default;  // NOLINT(modernize-use-nullptr): the compiler's own 0
};

struct PortKey {
  u32 domid = 0, port = 0;
  bool operator==(const PortKey&) const = default;
};

/// A moment, by which it is told whether other CPUs have run since.
struct Moment {
  u64 quanta = ~u64{0};    ///< of all CPUs that have ended
  u64 switches = ~u64{0};  ///< of VCPUs
};

/// A use of a grant that is over when the operation on `cpu` ends.
struct EndedGrant {
  unsigned cpu = 0;
  GrantUse use;
  u16 flags = 0;  ///< of its entry before the hypervisor took back what it had announced there
  Moment since;
};

struct HistoryRecord {
  u64 time_ps, old_value, new_value, pc, operation;  // pc: where the store routine was called
  u64 previous;  ///< sequence number of the same frame's record before; 0 = none
  u32 index, dv;
  FrameChange::What what;
  u8 cpu;
  bool in_operation;
};

struct Observer::Impl {
  ObserverOptions options;
  std::vector<std::shared_ptr<const Image>> images;             ///< the hypervisor's first, when there is one
  std::map<std::string, std::shared_ptr<const Image>> by_file;  ///< guests' images
  std::map<u32, std::shared_ptr<const Image>> domain_images;    ///< by domain id
  std::vector<TapPoint> taps_;
  mutable const TapPoint* last_tap = nullptr;  ///< one of the hypervisor's
  std::vector<u64> tap_addresses;
  xs_layout layout{};
  HypervisorMemory hypervisor;
  TableMap tables_;
  Symbolizer symbols;
  MemoryPort* memory = nullptr;
  Listener silent;
  Listener* listener = &silent;
  std::unique_ptr<TraceState> state_;
  std::vector<FrameCounts> counts_;
  std::unique_ptr<HistoryRecord[]> history_;
  u64 history_next = 1;  ///< sequence number of the next record
  TraceWriter writer;
  std::map<u32, GuestP2m> guest_p2m;
  /// The domain that was last looked at for a P2M; while it has published none, the word that will tell.
  struct {
    u32 domid = ~u32{0};
    const u8* unpublished = nullptr;
  } p2m_search;
  HeldP2ms held_p2m;
  std::map<KeptSlot, u64> kept;     ///< -> MFN
  std::map<u64, u32> device_pages;  ///< that dom0 has given away at some time -> who has them
  struct FramesTold {
    u64 first = 0, count = 0;
  };
  std::map<u32, FramesTold> told;      ///< domain -> frames whose numbers it knows for its devices
  std::map<u32, DirtyLog> dirty_logs;  ///< by domain: log-dirty is on
  std::vector<bool> guarded;           ///< frames that hold frame table and M2P, by index
  u64 guards_version = 0;
  std::vector<std::pair<u64, u64>> routines;            ///< those that store to tables: address, bytes
  std::unordered_map<u64, u64> operations;              ///< operation -> begun; read out sorted by name
  std::pair<const u64, u64>* last_operation = nullptr;  ///< in `operations`
  std::map<std::string, u64, std::less<>> string_ids;
  ObserverCounters counters;
  /// Last exception of each CPU since it began or ended an operation; no_trap after that, and after
  /// interrupts.
  static constexpr u32 no_trap = ~u32{0};
  std::array<u32, TraceState::max_cpus> last_trap;
  std::function<bool(unsigned cpu, u64 mfn)> tlb_reaches;
  std::function<bool(unsigned cpu, u64 mfn)> tlb_outlives;
  Observer::IommuWatch iommu;
  std::function<u64()> quanta_ended;
  std::array<Moment, TraceState::max_cpus> grant_operation;  ///< begin of the CPU's, while it is open
  std::vector<EndedGrant> ended_grants;
  std::map<unsigned, GrantKey> mapped_now;  ///< CPU -> the last that its operation has mapped
  Observer::EventWatch event_watch;
  std::function<std::vector<ReachablePage>(unsigned cpu)> tagged_pages;
  std::bitset<TraceState::max_cpus>
      tags_new;  ///< of VCPUs that have asked for nothing since they came to the CPU
  std::string step_name;
  std::vector<Violation> isolation;  ///< first of each kind and place
  std::vector<Violation> leaks;      ///< found in results of operations
  bool finished = false;

  explicit Impl(const ObserverOptions& o);
  void load_image(const std::string& file, bool guest);
  void start_trace();

  /// Applies and records; an impossible event (a confused hypervisor) is dropped and counted.
  bool record(const Event& event);
  void write(const EventHead& head, const EventFields& fields, std::string_view text) {
    if (!state_) return;
    writer.put(head, fields, text);
    if (event_watch) [[unlikely]]
      event_watch(head, fields);
    if (writer.events_since_keyframe() >= options.keyframe_events) writer.keyframe(*state_);
  }
  void write_trap(const Trap& trap);
  void note_interrupt(const Trap& trap);
  Event event_at(const CpuView& view, EventKind kind, u64 a = 0, u64 b = 0, u64 c = 0, u64 d = 0) const;
  u64 string_id(std::string_view text, u64 time_ps);

  const TapPoint* tap_at(const CpuView& view) const;
  void store(const CpuView& view, u64 address, u64 value, unsigned bytes);
  void store_cas(const CpuView& view);
  void store_frame(const CpuView& view, u32 index, u32 offset, u64 value, unsigned bytes);
  void store_m2p(const CpuView& view, u32 index, u64 value);
  void store_by_type(const CpuView& view, u64 address, u64 value, unsigned bytes);
  void store_held_p2m(const CpuView& view, const HeldP2ms::Page& page, u64 index, u64 value);
  void store_above_leaf(const CpuView& view, const HeldP2ms::Page& page, u64 index, u64 value);
  void mark_shadow(const CpuView& view, u64 dv, u64 event, u64 what);
  void check_result(const CpuView& view, u64 dv, u64 operation, u64 result);
  void remember(const CpuView& view, u32 index, FrameChange::What what, u64 before, u64 after);
  void mark(const CpuView& view, u64 what, u64 a, u64 b, u64 c);
  void mark_operation(const CpuView& view, bool begin, u64 dv, u64 operation, u64 argument);
  void mark_domain(const CpuView& view, u64 mark, u64 a, u64 b, u64 c);
  void mark_kept(u64 dv, u64 slot, u64 mfn);
  void mark_grant(const CpuView& view, u64 parties, u64 what, u64 mfn);
  void mark_log_dirty(const CpuView& view, u64 what, u64 b, u64 c);
  void check_dirty_group(const CpuView& view, u32 domid, u64 group, u64 bits, u64 count, bool clean);
  void each_logged_page(u32 domid, u64 first, u64 count,
                        const std::function<void(u64 gfn, u64 mfn)>& fn) const;
  u64 page_digest(u64 mfn) const;
  void dirty_missed(const CpuView& view, u32 domid, const UnreportedPage& page);
  void store_guest_p2m(const CpuView& view);
  void check_isolation(const CpuView& view, u64 va, u64 pa, bool write);
  void check_device_registers(const CpuView& view, u64 va, u64 pa);
  void check_tags(const CpuView& view);
  bool may_see(unsigned cpu, u32 domid, u32 index, u64 va, bool write) const;
  bool other_operates(unsigned cpu) const;
  bool reads_p2m(u32 domid, u64 mfn) const;
  void check_dma(const DmaAccess& access, u64 mfn);
  bool table_in_use(u32 index) const;
  u32 device_owner(u64 page) const;
  void mark_device(const CpuView& view, u32 domid, u64 page);
  /// The word is the number or an address of a frame that the domain may know.
  bool is_told(u32 domid, u64 word) const;
  bool named_by(u32 domid, u64 mfn, bool write) const;
  u64 iommu_due(u32 domid, u32 index) const;
  /// Of each slot: fn(slot, what its device reaches of the frame, what is due to it).
  void each_iommu_slot(u32 index, const std::function<void(unsigned, u64, u64)>& fn) const;
  u32 slot_owner(unsigned slot) const;
  std::string iommu_excess(unsigned slot, u32 index, u64 excess) const;
  void check_iommu(const CpuView& view, u32 index);
  void mark_iommu(u64 rights);
  void check_stale(const CpuView& view, u32 index, u32 before, u32 after);
  Moment now() const;
  bool undisturbed(unsigned cpu, u32 granter, const Moment& since) const;
  const u8* grant_entry(u32 granter, u32 ref) const;
  bool shown_by_grant(u32 domid, u32 index, bool write) const;
  bool tlb_holds_for_guest(unsigned cpu, u64 mfn) const;
  std::string grant_problem(const CpuView& view, const GrantUse& u);
  bool names_moved_frame(const GrantUse& u) const;
  std::string granted_frame_problem(const GrantUse& u, u32 frame) const;
  void check_grant(const CpuView& view, const GrantUse& u);
  bool left_in_tlb(const CpuView& view, const GrantUse& u, unsigned cpu, u32 index) const;
  void check_unmapped(const CpuView& view, const GrantUse& u);
  void check_ended_grants(const CpuView& view);
  void check_dead(const CpuView& view, u32 domid);
  void grant_broken(const CpuView& view, const GrantUse& u, const std::string& problem);
  void learn_tables(const CpuView& view);
  bool in_store_routine(u64 pc) const;
  std::string entries_in(u64 va) const;
  void check_event(const CpuView& view, u64 dv, u64 port, u64 from);
  /// "CPU 0, PC xen.elf: send+0x12, in dom1 vcpu0 event_channel_op.send".
  std::string here(const CpuView& view, u64 pc) const;
  void isolation_broken(Violation v);
  u32 last_domain(u32 index) const;

  Symbolizer symbols_on(unsigned cpu) const;

  /// Reads what the domain publishes; false when nothing.
  bool read_published(u32 domid, GuestP2m& p2m) const;
  void look_for_p2m(u32 domid, u64 time_ps);
  void search_p2m(u32 domid, u64 time_ps);
  void forget_p2m(u32 domid);
  void resync_p2m(u32 domid, u64 time_ps);
  void resync_all(u64 time_ps);

  u64 frame_named(u32 domid, u64 name) const;
  std::optional<FrameView> frame(u64 mfn) const;
  FrameView frame_view(u32 index) const;
  /// "last changed by dom0 memory_op.populate_physmap at 1.234 ms, PC xen.elf: xs_store64+0x0".
  std::string last_change(u32 index) const;
  /// "dom0 vcpu0 memory_op.populate_physmap".
  std::string operation_text(u64 dv, u64 operation) const;
};

}  // namespace xs::observe
