// The ownership observer: a replica of the hypervisor's frame table and M2P and of the guests' P2Ms, kept
// from tapped stores alone, with the operation that caused each change.
//
//     CpuView --on_tap--> [decode by tap kind] --> FrameReplica (owner, type, counts, M2P per MFN)
//                                |                 P2mReplica  (GFN -> MFN per domain)
//                                |                 OpTracker   (open hypercalls per VCPU)
//                                +--> TraceEncoder (events, keyframes, hash) --> file
//                                +--> Listener (domain life cycle, panic, boot steps)
//
// Order of use: Observer(options) -> MachineConfig.taps = taps() -> Machine(config, &observer) ->
// attach(machine.memory()) -> run -> queries at any time between run_until() calls -> finish().
// Nothing here changes the simulated machine; the work done is the same with and without a trace file.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/dma_tap.h"
#include "sim/core/error.h"
#include "sim/core/memory_port.h"
#include "sim/core/tap.h"
#include "sim/observe/event.h"
#include "sim/observe/invariants.h"
#include "sim/observe/ownership.h"
#include "sim/observe/symbols.h"

namespace xs::observe {

struct ObserverOptions {
  std::string hypervisor;           ///< ELF with .xs_taps and .xs_layout; empty: none (bare kernel)
  std::vector<std::string> guests;  ///< ELF images whose taps and symbols count too
  std::string trace_file;           ///< native trace; empty: hash only
  std::string scenario;             ///< name written into the trace
  u64 seed = 1;
  unsigned cpus = 1;
  std::string architecture = "x86_64";  ///< or "ia64": what trap vectors mean
  u64 keyframe_events = 65'536;         ///< a keyframe at least every so many events
  u64 history_records = u64{1} << 20;   ///< newest frame changes kept for frame_history()
  bool isolation_monitor = false;  ///< checks TLB fills, TLBs at new owners, table stores, events, grants
};

/// What the runner reacts to. Called from within the run: only note it, or call Machine::pause().
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void on_domain_created(const DomainInfo&) {}
  virtual void on_domain_ready(const DomainInfo&) {}  ///< runs for the first time
  virtual void on_domain_state(const DomainInfo&, xs_domain_state before) { (void)before; }
  virtual void on_boot_step(unsigned step) { (void)step; }  ///< 1 memory, 2 CPUs, 3 dom0 entered
  virtual void on_panic(unsigned cpu) { (void)cpu; }
  virtual void on_triple_fault(unsigned cpu, u64 pc) { (void)cpu, (void)pc; }
  virtual void on_unmodelled(const std::string& text) { (void)text; }  ///< with PC and symbol
  virtual void on_isolation(const Violation&) {}
  virtual void on_dma_refused(const std::string& text) { (void)text; }  ///< the first ones
};

class Observer : public CpuObserver, public DmaObserver {
 public:
  /// Reads the images; throws Error (bad ELF; a hypervisor without taps or layout; trace file not writable).
  explicit Observer(const ObserverOptions& options);
  ~Observer() override;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  /// For MachineConfig.taps: ascending, without duplicates.
  const std::vector<u64>& taps() const;
  /// Machine memory, once, before the first run.
  void attach(MemoryPort& memory);
  void set_listener(Listener* listener);
  /// Whether user code on core `cpu` can still reach frame `mfn` by a TLB entry: what the isolation monitor
  /// asks when a frame gets a new owner. Once, before the first run; without it that is not checked.
  void watch_tlbs(std::function<bool(unsigned cpu, u64 mfn)> reachable);
  /// All that user code on core `cpu` can reach by a TLB with tags: what the isolation monitor asks when a
  /// VCPU leaves it.
  void watch_tags(std::function<std::vector<ReachablePage>(unsigned cpu)> pages);
  /// Whether it can by an entry that the tables which the core walks do not have: asked when a domain that
  /// may see the frame for other reasons ends a mapping of it by a grant. Without it that is not checked.
  void watch_outlived(std::function<bool(unsigned cpu, u64 mfn)> outlives);
  /// What devices reach by an IOMMU: which slots have a device, the address of its registers, and what it may
  /// do to frame `mfn` now (XS_IOMMU_READ, XS_IOMMU_WRITE; none: no IOMMU is enabled). Without it that is not
  /// checked.
  struct IommuWatch {
    std::vector<unsigned> slots;
    std::function<u64(unsigned slot)> registers;
    std::function<std::optional<u64>(unsigned slot, u64 mfn)> reach;
  };
  void watch_iommu(IommuWatch watch);
  /// How many quanta the cores have run so far, all together: tells the monitor of grants whether anybody
  /// else has run since the hypervisor looked at something. Without it, it is careful.
  void watch_quanta(std::function<u64()> ended);
  /// Told each event behind its record, from within the run, where it may wait in the host. Whatever it does,
  /// it must not change the machine.
  using EventWatch = std::function<void(const EventHead&, const EventFields&)>;
  void watch_events(EventWatch watch);
  /// What has been recorded is in the trace file, for a reader that follows it.
  void flush_trace();
  /// The library of symbols of all images given.
  const Symbolizer& symbols() const;
  /// Names for the code that runs on `cpu` now: the hypervisor's, and the guest's when its image is known
  /// (guests' images share addresses). Without a hypervisor, those of all images.
  Symbolizer symbols_on(unsigned cpu) const;

  // CpuObserver
  void on_tap(const CpuView& view) override;
  void on_trap(const Trap& trap) override;
  void on_tlb_fill(const CpuView& view, u64 va, u64 pa, u64 size, bool write, bool user) override;
  bool guards(u64 pa) const override;
  u64 guards_version() const override;
  void on_guarded_store(const CpuView& view, u64 va, u64 pa) override;
  void on_triple_fault(const CpuView& view) override;
  void on_unmodelled(const CpuView& view, const char* what, u64 where) override;
  void on_dma(const DmaAccess& access) override;
  void on_dma_refused(const DmaAccess& access) override;

  // What only the runner knows, for the trace. Times are simulated.
  void name_domain(u32 domid, std::string_view name);
  /// The file that a domain's code comes from: one of ObserverOptions::guests. Good until the domain is dead.
  void set_domain_image(u32 domid, const std::string& file);
  void step_begin(std::string_view name, u64 time_ps);
  void step_end(bool passed, u64 time_ps);
  /// For who looks at the step that has begun.
  void note(NoteKind kind, std::string_view text, u64 time_ps);
  /// One whole line: source "xen", "dom0", "dom3", "operator", ...
  void console_line(std::string_view source, std::string_view text, u64 time_ps);

  // Queries
  OwnershipTable ownership() const;
  std::optional<FrameView> frame(u64 mfn) const;  ///< none when mfn is not RAM
  u64 total_frames() const;
  /// Who runs on a core by the hypervisor's marks; none: nobody, or the hypervisor's idle loop.
  std::optional<RunningVcpu> running(unsigned cpu) const;
  std::vector<DomainInfo> domains() const;  ///< ascending; dead ones stay listed
  std::optional<DomainInfo> domain(u32 domid) const;
  std::vector<u64> frames_of(u32 owner) const;  ///< MFNs, ascending
  /// GFN -> MFN: a published guest P2M read from machine memory, else derived from the M2P of its frames.
  std::vector<P2mEntry> p2m(u32 domid) const;
  /// Of each domain that has one, ascending.
  std::vector<P2mShape> p2m_shapes() const;
  /// Of each living domain, ascending; none where machine numbers are small ones. It reads all of their
  /// memory.
  std::vector<Exposure> exposures() const;
  /// The machine frame that a domain calls so: by its P2M where it names frames by GFN; invalid_frame: none.
  u64 frame_named(u32 domid, u64 name) const;
  /// Text as xen-mfndump's dump-p2m: "pfn=0x… ==> mfn=0x…" per line.
  std::string p2m_dump(u32 domid) const;
  /// Newest first; `complete` false when older records were overwritten.
  std::vector<FrameChange> frame_history(u64 mfn, bool* complete = nullptr) const;
  const ObserverCounters& counters() const;
  /// Number of operations begun by name ("memory_op.populate_physmap" -> 12), all domains.
  std::map<std::string, u64> operation_counts() const;
  /// What the hypervisor itself has counted so far (hypervisor_counters.h). `probe` as below.
  std::map<std::string, u64> hypervisor_counters(const CpuView& probe) const;

  /// Memory at an address of the hypervisor's; false when it leads to none. `probe` as below.
  bool translate_hypervisor(const CpuView& probe, u64 va, u64& pa) const;
  bool peek_hypervisor(const CpuView& probe, u64 va, void* out, u64 size) const;
  /// Replica against the real frame table and M2P, addresses translated by `probe` (any core that runs
  /// with the hypervisor mapped; any core when the layout has windows). At most `limit` differences are
  /// returned, all are counted.
  std::vector<Difference> compare_with_memory(const CpuView& probe, u64* count = nullptr,
                                              u64 limit = 20) const;
  /// DESIGN section 10. Valid from boot step 3 on. `cpus`: all cores, so that what the hypervisor is in the
  /// middle of is skipped (and said so); best called when the domains have had a millisecond to settle.
  /// `now_ps`: the machine's time, which goes on while nothing is recorded.
  CheckReport check_invariants(std::span<const CpuView* const> cpus = {}, u64 now_ps = 0) const;
  /// Found so far by the isolation monitor (first of each kind and place; counters() has the number).
  const std::vector<Violation>& isolation_violations() const;

  /// Writes the index and closes the trace; returns the trace hash. Idempotent. Disk errors do not throw
  /// here or during the run: trace_error() tells.
  u64 finish(u64 time_ps);
  u64 trace_hash() const;                  ///< over all events so far
  const std::string& trace_error() const;  ///< empty when all writes succeeded

 private:
  struct Impl;
  friend class InvariantChecker;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xs::observe
