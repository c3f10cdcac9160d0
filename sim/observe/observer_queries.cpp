#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "sim/observe/hypervisor_counters.h"
#include "sim/observe/names.h"
#include "sim/observe/observer_impl.h"

namespace xs::observe {

FrameView Observer::Impl::frame_view(u32 index) const {
  const FrameState& f = state_->frame(index);
  const FrameCounts& c = counts_[index];
  FrameView v;
  v.mfn = state_->ram().mfn(index);
  v.owner = f.owner;
  v.type = type_of_bits(f.type_bits);
  v.pinned = pinned_bits(f.type_bits), v.validated = validated_bits(f.type_bits);
  v.allocated = (c.count_info & XS_COUNT_ALLOCATED) != 0;
  v.type_count = static_cast<u32>(c.type_info & XS_TYPE_COUNT);
  v.general_count = static_cast<u32>(c.count_info & XS_COUNT_REFS);
  v.gfn = f.gfn;
  return v;
}

std::optional<FrameView> Observer::Impl::frame(u64 mfn) const {
  const u32 index = state_ ? state_->ram().index(mfn) : RamMap::none;
  if (index == RamMap::none) return std::nullopt;
  return frame_view(index);
}

std::string Observer::Impl::operation_text(u64 dv, u64 operation) const {
  return fmt::format("{} vcpu{} {}", state_->domain_label(dv_domid(dv)), dv_vcpu(dv),
                     operation_name(operation));
}

std::string Observer::Impl::last_change(u32 index) const {
  const u64 newest = counts_[index].newest;
  if (newest == 0) return "never changed";
  if (newest + options.history_records < history_next) return "last changed long ago";
  const HistoryRecord& r = history_[newest % options.history_records];
  const std::string who = r.in_operation ? operation_text(r.dv, r.operation) : "no operation";
  return fmt::format("last changed by {} at {:.6f} ms, PC {}", who, static_cast<double>(r.time_ps) * 1e-9,
                     symbols.describe(r.pc));
}

OwnershipTable Observer::ownership() const {
  return impl_->state_ ? impl_->state_->ownership() : OwnershipTable{};
}
std::optional<FrameView> Observer::frame(u64 mfn) const { return impl_->frame(mfn); }
u64 Observer::total_frames() const { return impl_->state_ ? impl_->state_->ram().frames() : 0; }
const std::vector<Violation>& Observer::isolation_violations() const { return impl_->isolation; }

std::optional<RunningVcpu> Observer::running(unsigned cpu) const {
  const u64 dv = impl_->state_ ? impl_->state_->running(cpu) : idle_dv;
  if (dv_domid(dv) == idle_domid) return std::nullopt;
  return RunningVcpu{dv_domid(dv), dv_vcpu(dv)};
}

std::vector<DomainInfo> Observer::domains() const {
  std::vector<DomainInfo> all;
  if (impl_->state_)
    for (const auto& [domid, record] : impl_->state_->domains())
      all.push_back(impl_->state_->domain_info(domid));
  return all;
}

std::optional<DomainInfo> Observer::domain(u32 domid) const {
  if (!impl_->state_ || !impl_->state_->domains().contains(domid)) return std::nullopt;
  return impl_->state_->domain_info(domid);
}

std::vector<u64> Observer::frames_of(u32 owner) const {
  std::vector<u64> frames;
  if (!impl_->state_) return frames;
  for (u32 i = 0; i < impl_->state_->ram().frames(); ++i)
    if (impl_->state_->frame(i).owner == owner) frames.push_back(impl_->state_->ram().mfn(i));
  return frames;
}

std::vector<P2mEntry> Observer::p2m(u32 domid) const {
  std::vector<P2mEntry> entries;
  const Impl& i = *impl_;
  if (!i.state_ || !i.state_->domains().contains(domid)) return entries;
  const DomainRecord& record = i.state_->domains().at(domid);
  if (holds_p2m(record.model)) {
    record.p2m.for_each([&](u64 gfn, u64 mfn) { entries.push_back({gfn, mfn}); });
    return entries;
  }
  GuestP2m published;
  if (i.read_published(domid, published)) {
    for (u64 gfn = 0; gfn < published.entries(); ++gfn) {
      const u64 mfn = published.read(*i.memory, gfn);
      if (p2m_entry_valid(mfn)) entries.push_back({gfn, mfn});
    }
    return entries;
  }
  return i.state_->p2m_entries(domid);
}

u64 Observer::Impl::frame_named(u32 domid, u64 name) const {
  const auto domain = state_->domains().find(domid);
  const bool by_p2m = domain != state_->domains().end() && holds_p2m(domain->second.model);
  return by_p2m ? domain->second.p2m.get(name) : name;
}

u64 Observer::frame_named(u32 domid, u64 name) const {
  return impl_->state_ ? impl_->frame_named(domid, name) : name;
}

std::string Observer::p2m_dump(u32 domid) const { return mfndump_text(p2m(domid)); }

std::vector<FrameChange> Observer::frame_history(u64 mfn, bool* complete) const {
  const Impl& i = *impl_;
  std::vector<FrameChange> changes;
  if (complete) *complete = true;
  const u32 index = i.state_ ? i.state_->ram().index(mfn) : RamMap::none;
  if (index == RamMap::none) return changes;
  for (u64 at = i.counts_[index].newest; at != 0;) {
    if (at + i.options.history_records < i.history_next) {
      if (complete) *complete = false;
      break;
    }
    const HistoryRecord& r = i.history_[at % i.options.history_records];
    changes.push_back({r.what, r.time_ps, r.old_value, r.new_value, r.pc, r.cpu, r.in_operation, r.operation,
                       dv_domid(r.dv), dv_vcpu(r.dv)});
    at = r.previous;
  }
  return changes;
}

std::map<std::string, u64> Observer::operation_counts() const {
  std::map<std::string, u64> counts;
  for (const auto& [operation, count] : impl_->operations) counts[operation_name(operation)] += count;
  return counts;
}

std::map<std::string, u64> Observer::hypervisor_counters(const CpuView& probe) const {
  const Impl& i = *impl_;
  if (i.options.hypervisor.empty()) return {};
  return observe::hypervisor_counters(
      *i.images.front(), [&](u64 va, void* out, u64 size) { return peek_hypervisor(probe, va, out, size); });
}

bool Observer::translate_hypervisor(const CpuView& probe, u64 va, u64& pa) const {
  return impl_->hypervisor.translate(probe, va, pa);
}

bool Observer::peek_hypervisor(const CpuView& probe, u64 va, void* out, u64 size) const {
  return impl_->hypervisor.peek(probe, va, out, size);
}

std::vector<Difference> Observer::compare_with_memory(const CpuView& probe, u64* count, u64 limit) const {
  const Impl& i = *impl_;
  std::vector<Difference> differences;
  u64 found = 0;
  const auto differ = [&](u64 mfn, auto text) {
    if (found++ < limit) differences.push_back({text(), mfn});
  };
  const auto word = [&](u64 mfn, const char* field, u64 replica, u64 memory) {
    if (replica != memory)
      differ(mfn, [&] {
        return fmt::format("frame {:#x} of {}: {} is {:#x} in memory, {:#x} in the replica; {}", mfn,
                           i.state_->domain_label(i.state_->frame(i.state_->ram().index(mfn)).owner), field,
                           memory, replica, i.last_change(i.state_->ram().index(mfn)));
      });
  };
  for (u32 f = 0; i.state_ && f < i.state_->ram().frames(); ++f) {
    const u64 mfn = i.state_->ram().mfn(f);
    xs_frame entry;
    u64 gfn = 0;
    if (!i.hypervisor.peek(probe, i.tables_.frames_va + mfn * sizeof entry, &entry, sizeof entry) ||
        !i.hypervisor.peek(probe, i.tables_.m2p_va + mfn * 8, &gfn, sizeof gfn)) {
      if (i.state_->frame(f).owner == XS_OWNER_NONE && i.counts_[f].newest == 0) continue;  // not managed
      differ(mfn,
             [&] { return fmt::format("frame {:#x}: its entry in frame table or M2P is not mapped", mfn); });
      continue;
    }
    word(mfn, "owner", i.state_->frame(f).owner, entry.owner);
    word(mfn, "count_info", i.counts_[f].count_info, entry.count_info);
    word(mfn, "type_info", i.counts_[f].type_info, entry.type_info);
    word(mfn, "M2P", i.state_->frame(f).gfn, gfn);
  }
  if (i.state_)
    i.held_p2m.for_each(*i.memory, [&](u32 domid, u64 page, const HeldP2mEntry& e) {
      const auto domain = i.state_->domains().find(domid);
      const u64 replica = domain == i.state_->domains().end() ? invalid_frame : domain->second.p2m.get(e.gfn);
      if (domain == i.state_->domains().end() || domain->second.state == XS_DOM_DEAD || replica == e.mfn)
        return;
      differ(page, [&] {
        return fmt::format("P2M of dom{}: GFN {:#x} is frame {:#x} in memory, {:#x} in the replica", domid,
                           e.gfn, e.mfn, replica);
      });
    });
  if (count) *count = found;
  return differences;
}

}  // namespace xs::observe
