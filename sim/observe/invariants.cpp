// The checks of DESIGN section 10. One class, one method per invariant.
#include "sim/observe/invariants.h"

#include <fmt/format.h>

#include <xen/xen.h>

#include <algorithm>
#include <set>

#include "sim/observe/names.h"
#include "sim/observe/observer_impl.h"
#include "sim/observe/references.h"

namespace xs::observe {
namespace {

constexpr u64 settle_ps = 1'000'000'000;  // 1 ms: a guest's own steps around a reservation call
constexpr u64 violations_kept = 100;      // per invariant

/// Operations between whose begin and end the tables of the caller, or of others, are in motion.
bool moves_memory(u64 operation) {
  switch (operation >> 32) {
    case __HYPERVISOR_mmu_update:
    case __HYPERVISOR_mmuext_op:
    case __HYPERVISOR_update_va_mapping:
    case __HYPERVISOR_update_va_mapping_otherdomain:
    case __HYPERVISOR_memory_op:
    case __HYPERVISOR_multicall:
    case __HYPERVISOR_set_gdt:
    case __HYPERVISOR_update_descriptor:
    case __HYPERVISOR_grant_table_op:
    case __HYPERVISOR_vcpu_op:
    case __HYPERVISOR_domctl:
      return true;
    default:
      return false;
  }
}

bool is_domain(u32 owner) { return owner < XS_OWNER_XEN; }

}  // namespace

const char* invariant_name(Invariant which) {
  static constexpr const char* names[] = {"owner",       "total",      "m2p",
                                          "p2m",         "type_count", "writable_table",
                                          "foreign_map", "free_frame", "isolation"};
  return names[static_cast<u8>(which)];
}

std::string CheckReport::to_text() const {
  std::string text =
      fmt::format("invariants: {} frames, {} P2M entries, {} page tables with {} references: {}\n",
                  frames_checked, p2m_entries_checked, tables_walked, references_counted,
                  ok() ? std::string("all hold") : fmt::format("{} violations", violation_count));
  for (const std::string& s : skipped) text += fmt::format("  skipped: {}\n", s);
  for (const Violation& v : violations) text += fmt::format("  {}: {}\n", invariant_name(v.which), v.text);
  return text;
}

class InvariantChecker {
 public:
  InvariantChecker(const Observer::Impl& o, std::span<const CpuView* const> cpus)
      : o_(o), s_(*o.state_), references_(*o.memory, s_) {
    find_transitions(cpus);
  }
  CheckReport run() {
    check_owners();
    check_total();
    check_m2p();
    for (const auto& [domid, d] : s_.domains()) check_p2m(domid, d);
    check_references();
    return std::move(report_);
  }

 private:
  void find_transitions(std::span<const CpuView* const> cpus);
  void check_owners();
  void check_owner(u32 index);
  void check_free(u32 index);
  void check_total();
  void check_m2p();
  void check_p2m(u32 domid, const DomainRecord& d);
  void check_p2m_entries(u32 domid, const GuestP2m& p2m);
  void check_references();
  void check_entry(const TableEntry& e);
  void check_counts(u32 index);
  u64 kept_by_hypervisor(u32 index) const;

  u64 frames() const { return s_.ram().frames(); }
  std::string label(u32 owner) const { return s_.domain_label(owner); }
  void violate(Invariant which, u64 mfn, std::string text) {
    ++report_.violation_count;
    if (count_[static_cast<u8>(which)]++ >= violations_kept) return;
    const u32 index = s_.ram().index(mfn);
    if (index != RamMap::none) text += "; " + o_.last_change(index);
    report_.violations.push_back({which, mfn, std::move(text)});
  }

  const Observer::Impl& o_;
  const TraceState& s_;
  ReferenceCounter references_;
  CheckReport report_;
  std::array<u64, 16> count_{};
  std::map<u32, std::string> in_motion_;  // domain -> why
  std::map<u32, u64> vcpus_;              // domain -> VCPUs seen
  bool all_in_motion_ = false;            // a privileged domain's operation may concern any domain
};

void InvariantChecker::find_transitions(std::span<const CpuView* const> cpus) {
  for (const auto& [dv, stack] : s_.vcpus()) {
    ++vcpus_[dv_domid(dv)];
    for (const OpenOperation& op : stack)
      if (moves_memory(op.operation)) in_motion_[dv_domid(dv)] = operation_name(op.operation) + " is running";
  }
  for (const CpuView* cpu : cpus) {
    const u32 domid = dv_domid(s_.running(cpu->cpu()));
    const bool inside = !o_.images.empty() && o_.images.front()->contains(cpu->pc());
    const OpenOperation* op = s_.operation(cpu->cpu());
    // Outside operations the hypervisor changes memory only when it repairs a guest's fault.
    const bool moving =
        op ? moves_memory(op->operation)
           : cpu->cpu() < o_.last_trap.size() && o_.last_trap[cpu->cpu()] != Observer::Impl::no_trap;
    if (inside && domid != idle_domid && moving)
      in_motion_.try_emplace(domid, fmt::format("CPU {} is in the hypervisor", cpu->cpu()));
  }
  all_in_motion_ = in_motion_.contains(0);
  for (const auto& [domid, why] : in_motion_)
    report_.skipped.push_back(
        fmt::format("{}: P2M and counts{}: {}", label(domid), domid == 0 ? " of all domains" : "", why));
}

void InvariantChecker::check_owners() {
  for (u32 i = 0; i < frames(); ++i) {
    check_owner(i);
    if (s_.frame(i).owner == XS_OWNER_FREE) check_free(i);
  }
  report_.frames_checked = frames();
}

void InvariantChecker::check_owner(u32 index) {
  const u32 owner = s_.frame(index).owner;
  const u64 mfn = s_.ram().mfn(index);
  if (owner == XS_OWNER_XEN || owner == XS_OWNER_FREE) return;
  if (owner == XS_OWNER_NONE) {
    // DRAM that the firmware's memory map keeps from the hypervisor never gets an owner.
    if (o_.counts_[index].newest == 0) return void(++report_.frames_unmanaged);
    return violate(Invariant::owner, mfn, fmt::format("frame {:#x} has no owner", mfn));
  }
  const auto d = s_.domains().find(owner);
  if (d == s_.domains().end())
    violate(Invariant::owner, mfn,
            fmt::format("frame {:#x} is owned by {}, which does not exist", mfn, label(owner)));
  else if (d->second.state == XS_DOM_DEAD)
    violate(Invariant::owner, mfn,
            fmt::format("frame {:#x} is owned by {}, which is dead", mfn, label(owner)));
}

void InvariantChecker::check_free(u32 index) {
  const u64 mfn = s_.ram().mfn(index);
  const FrameView f = o_.frame_view(index);
  if (f.type != XS_FRAME_NONE || f.type_count != 0 || f.pinned)
    violate(Invariant::free_frame, mfn,
            fmt::format("free frame {:#x} has type {} with {} references", mfn, frame_type_name(f.type),
                        f.type_count));
  if (f.general_count != 0 || f.allocated)
    violate(Invariant::free_frame, mfn,
            fmt::format("free frame {:#x} has {} general references", mfn, f.general_count));
  if (f.gfn != XS_M2P_INVALID)
    violate(Invariant::m2p, mfn, fmt::format("free frame {:#x} has M2P entry {:#x}", mfn, f.gfn));
}

void InvariantChecker::check_total() {
  u64 sum = 0;
  std::map<u32, u64> recount;
  for (u32 i = 0; i < frames(); ++i) ++recount[s_.frame(i).owner];
  for (const OwnershipRow& r : s_.ownership().rows) {
    sum += r.frames;
    if (recount[r.owner] != r.frames)
      violate(Invariant::total, invalid_frame,
              fmt::format("{} owns {} frames, {} are counted", label(r.owner), recount[r.owner], r.frames));
  }
  if (sum != frames())
    violate(Invariant::total, invalid_frame,
            fmt::format("owners hold {} frames, the machine has {}", sum, frames()));
}

void InvariantChecker::check_m2p() {
  std::map<std::pair<u32, u64>, u64> claims;
  for (u32 i = 0; i < frames(); ++i) {
    const FrameState& f = s_.frame(i);
    if (!is_domain(f.owner) || f.gfn >= XS_M2P_SHARED || type_of_bits(f.type_bits) == XS_FRAME_SHARED)
      continue;
    const u64 mfn = s_.ram().mfn(i);
    const auto [first, fresh] = claims.try_emplace({f.owner, f.gfn}, mfn);
    if (!fresh)
      violate(Invariant::m2p, mfn,
              fmt::format("frames {:#x} and {:#x} of {} both have M2P entry {:#x}", first->second, mfn,
                          label(f.owner), f.gfn));
  }
}

void InvariantChecker::check_p2m(u32 domid, const DomainRecord& d) {
  const auto skip = [&](const std::string& why) {
    report_.skipped.push_back(fmt::format("{}: P2M not compared: {}", label(domid), why));
  };
  if (d.state == XS_DOM_DEAD || all_in_motion_ || in_motion_.contains(domid)) return;
  if (d.state == XS_DOM_DYING || d.state == XS_DOM_CRASHED) return skip(domain_state_name(d.state));
  if (d.model != XS_MODEL_DIRECT)
    return skip(fmt::format("model {} has no P2M of the guest's", memory_model_name(d.model)));
  GuestP2m p2m;
  if (!o_.read_published(domid, p2m)) return skip(d.ready ? "not published" : "has not run yet");
  CheckReport before = report_;
  const auto counts = count_;
  check_p2m_entries(domid, p2m);
  // The guest takes several steps to move a frame; a mismatch counts once it has had the time to finish.
  if (report_.violation_count != before.violation_count && s_.time_ps() - d.memory_ps < settle_ps) {
    report_ = std::move(before);
    count_ = counts;
    skip("its memory is changing");
  }
}

void InvariantChecker::check_p2m_entries(u32 domid, const GuestP2m& p2m) {
  for (u64 gfn = 0; gfn < p2m.entries(); ++gfn) {
    const u64 mfn = p2m.read(*o_.memory, gfn);
    if (!p2m_entry_valid(mfn)) continue;
    ++report_.p2m_entries_checked;
    const auto frame = o_.frame(mfn);
    if (!frame)
      violate(
          Invariant::p2m, mfn,
          fmt::format("P2M of {}: GFN {:#x} names frame {:#x}, which is not RAM", label(domid), gfn, mfn));
    else if (frame->owner != domid)
      violate(Invariant::p2m, mfn,
              fmt::format("P2M of {}: GFN {:#x} names frame {:#x}, which {} owns", label(domid), gfn, mfn,
                          label(frame->owner)));
    else if (frame->gfn != gfn)
      violate(Invariant::p2m, mfn,
              fmt::format("P2M of {}: GFN {:#x} names frame {:#x}, whose M2P entry is {:#x}", label(domid),
                          gfn, mfn, frame->gfn));
  }
  for (u32 i = 0; i < frames(); ++i) {
    const FrameState& f = s_.frame(i);
    if (f.owner != domid || f.gfn >= XS_M2P_SHARED || type_of_bits(f.type_bits) == XS_FRAME_SHARED) continue;
    const u64 entry = f.gfn < p2m.entries() ? p2m.read(*o_.memory, f.gfn) : invalid_frame;
    const u64 mfn = s_.ram().mfn(i);
    if (!p2m_entry_valid(entry))
      violate(Invariant::p2m, mfn,
              fmt::format("frame {:#x} of {} has M2P entry {:#x}, but P2M of that GFN is empty", mfn,
                          label(domid), f.gfn));
  }
}

void InvariantChecker::check_references() {
  const auto type_refs = [&](u32 i) { return o_.counts_[i].type_info & XS_TYPE_COUNT; };
  references_.walk(type_refs, [&](const TableEntry& e) { check_entry(e); });
  report_.tables_walked = references_.tables();
  report_.references_counted = references_.references();
  if (all_in_motion_) return;
  for (u32 i = 0; i < frames(); ++i)
    if (is_domain(s_.frame(i).owner) && !in_motion_.contains(s_.frame(i).owner)) check_counts(i);
}

void InvariantChecker::check_entry(const TableEntry& e) {
  const u32 target = s_.ram().index(e.target_mfn);
  if (target == RamMap::none || all_in_motion_ || in_motion_.contains(e.table_owner)) return;
  const FrameView f = o_.frame_view(target);
  const auto where = [&] {
    return fmt::format("slot {} of L{} table {:#x} of {}", e.slot, e.level, e.table_mfn,
                       label(e.table_owner));
  };
  if (f.owner == XS_OWNER_FREE)
    return violate(Invariant::free_frame, f.mfn,
                   fmt::format("free frame {:#x} is named by {}", f.mfn, where()));
  if (e.level > 1) return;
  const bool own = f.owner == e.table_owner, privileged = e.table_owner == 0;
  if (!own && !privileged)
    violate(Invariant::foreign_map, f.mfn,
            fmt::format("frame {:#x} of {} is mapped by {}", f.mfn, label(f.owner), where()));
  const bool guarded =
      f.owner == XS_OWNER_XEN || (f.type_count != 0 && f.type >= XS_FRAME_L1 && f.type <= XS_FRAME_SEGDESC);
  if (e.writable && guarded)
    violate(Invariant::writable_table, f.mfn,
            fmt::format("frame {:#x} of {}, type {}, is mapped writable by {}", f.mfn, label(f.owner),
                        frame_type_name(f.type), where()));
}

// References that are no table entry: a VCPU's page-table bases, its descriptor pages, its registered
// vcpu_info.
u64 InvariantChecker::kept_by_hypervisor(u32 index) const {
  const FrameState& f = s_.frame(index);
  const auto seen = vcpus_.find(f.owner);
  const u64 vcpus = std::max<u64>(seen == vcpus_.end() ? 1 : seen->second, 1);
  switch (type_of_bits(f.type_bits)) {
    case XS_FRAME_L4:
      return 2 * vcpus;  // kernel and user base
    case XS_FRAME_SEGDESC:
      return 18 * vcpus;  // 14 GDT pages and what is loaded of the LDT
    case XS_FRAME_WRITABLE:
      return vcpus;
    default:
      return 0;
  }
}

void InvariantChecker::check_counts(u32 index) {
  const FrameView f = o_.frame_view(index);
  const References& r = references_.at(index);
  const u64 base = f.type == XS_FRAME_SHARED ? 1 : 0;  // the hypervisor's own use
  const u64 known = base + r.type + f.pinned;
  if (f.type == XS_FRAME_NONE && f.type_count != 0)
    return violate(Invariant::type_count, f.mfn,
                   fmt::format("frame {:#x} of {} has {} type references without a type", f.mfn,
                               label(f.owner), f.type_count));
  if (f.type_count < known || f.type_count > known + kept_by_hypervisor(index))
    return violate(Invariant::type_count, f.mfn,
                   fmt::format("frame {:#x} of {}, type {}, has {} type references, but {} uses are found",
                               f.mfn, label(f.owner), frame_type_name(f.type), f.type_count, known));
  // Whatever the hypervisor keeps beyond tables holds one reference of each sort.
  const u64 kept = f.type_count > known ? f.type_count - known : 0;
  const u64 general = f.allocated + r.general + f.pinned + kept;
  if (f.general_count != general)
    violate(Invariant::type_count, f.mfn,
            fmt::format("frame {:#x} of {} has {} general references, but {} uses are found", f.mfn,
                        label(f.owner), f.general_count, general));
}

CheckReport Observer::check_invariants(std::span<const CpuView* const> cpus) const {
  if (!impl_->state_) return {};
  return InvariantChecker(*impl_, cpus).run();
}

}  // namespace xs::observe
