// Inside of Observer::check_invariants: one class, one method per invariant, a file per source of truth.
//
//     invariants.cpp         what is in motion, the report
//     check_frames.cpp       replica alone: owners, free frames, totals, M2P
//     check_p2m.cpp          replica against the P2Ms that guests publish
//     check_translated.cpp   P2Ms that the hypervisor holds; machine numbers where none may be
//     check_grants.cpp       grants in use against owners, page tables and P2Ms
//     iommu_monitor.cpp      what devices reach by an IOMMU against owners and grants in use
//     check_references.cpp   replica's counts against page tables in machine memory and what VCPUs name
#pragma once
#include <algorithm>
#include <array>

#include "sim/observe/leak.h"
#include "sim/observe/observer_impl.h"
#include "sim/observe/references.h"

namespace xs::observe {

constexpr bool is_domain(u32 owner) { return owner < XS_OWNER_XEN; }

/// Frames by owner, as the replica keeps them and as they are when counted anew, against the machine's
/// memory: a sentence for each disagreement.
std::vector<std::string> total_disagreements(const OwnershipTable& kept, const std::map<u32, u64>& counted,
                                             u64 machine_frames);

class InvariantChecker {
 public:
  InvariantChecker(const Observer::Impl& o, std::span<const CpuView* const> cpus, u64 now_ps)
      : o_(o), s_(*o.state_), references_(*o.memory, s_), now_ps_(std::max(now_ps, s_.time_ps())) {
    find_transitions(cpus);
  }
  CheckReport run(std::span<const CpuView* const> cpus);

 private:
  void find_transitions(std::span<const CpuView* const> cpus);
  bool repairs(const CpuView& cpu) const;
  void check_owners();
  void check_owner(u32 index);
  void check_free(u32 index);
  void check_total();
  void check_m2p();
  void check_p2m(u32 domid, const DomainRecord& d);
  void check_p2m_entries(u32 domid, const GuestP2m& p2m);
  void check_identity(u32 domid);
  void check_held_p2m(u32 domid, const DomainRecord& d);
  void check_place(u32 domid, const DomainRecord& d, u32 index);
  void count_foreign_entries();
  void check_grants();
  void check_iommu();
  void check_grant_pages(u32 domid, const DomainRecord& d);
  void check_granted_entries();
  bool exceeds_grants(u32 domid, u32 index, bool writable);
  void count_held_grants();
  void mark_receivers(const std::string& operation);
  bool counts_move(u32 index) const;
  void check_leaks(std::span<const CpuView* const> cpus);
  void check_memory_of(u32 index, const MachineNumbers& numbers, u64 now_ns);
  void check_references();
  void check_entry(const TableEntry& e);
  void check_kept();
  void check_kept_frame(const KeptSlot& slot, u64 mfn);
  void check_counts(u32 index);

  u64 frames() const { return s_.ram().frames(); }
  std::string label(u32 owner) const { return s_.domain_label(owner); }
  bool in_motion(u32 domid) const { return all_in_motion_ || in_motion_.contains(domid); }
  void violate(Invariant which, u64 mfn, std::string text);

  static constexpr u64 violations_kept = 100;  ///< per invariant
  const Observer::Impl& o_;
  const TraceState& s_;
  ReferenceCounter references_;
  const u64 now_ps_;
  CheckReport report_;
  std::array<u64, invariant_count> count_{};
  std::map<u32, std::string> in_motion_;           ///< domain -> why
  std::map<u32, u64> kept_;                        ///< frame index -> times a VCPU names it outside of tables
  std::map<std::pair<u32, u32>, Mappings> shown_;  ///< domain, frame of another -> entries found so far
  bool grants_in_motion_ = false;                  ///< somebody is in the middle of grant_table_op
  bool all_in_motion_ = false;                     ///< a privileged domain's operation may concern any domain
};

}  // namespace xs::observe
