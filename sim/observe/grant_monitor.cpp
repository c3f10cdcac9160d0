// The monitor of grants: each use that the hypervisor tells is held against the entry in the granter's table,
// as it lies in memory at that moment.
//
//   guest code of the granter may write the entry at any time: it is judged only when nobody else has run
//   since the operation began, or nobody who could have
//
//     MAP, COPY, TRANSFER, EXCHANGE   entry, frame and owner, at the mark
//     UNMAP                 that there was such a mapping; behind it, TLBs
//     end of the operation  what the hypervisor has left in the entries of uses that are over
#include <fmt/format.h>

#include <xen/grant_table.h>
#include <xen/xen.h>

#include <algorithm>
#include <cstring>

#include "hypervisor/abi/grants.h"
#include "sim/observe/names.h"
#include "sim/observe/observer_impl.h"

namespace xs::observe {
namespace {

constexpr u32 entries_per_page = frame_size / sizeof(grant_entry_v1_t);

grant_entry_v1_t load(const u8* entry) {
  grant_entry_v1_t e;
  std::memcpy(&e, entry, sizeof e);
  return e;
}

bool writes(const GrantUse& u) { return u.write || u.use == XS_GRANT_COPY_TO; }

/// "maps frame 0x4d7 for writing by reference 8".
std::string deed(const GrantUse& u) {
  const char* access = u.write ? "writing" : "reading";
  switch (u.use) {
    case XS_GRANT_MAP:
      return fmt::format("maps frame {:#x} for {} by reference {}", u.mfn, access, u.ref);
    case XS_GRANT_UNMAP:
      return fmt::format("unmaps frame {:#x}, for {}, by reference {}", u.mfn, access, u.ref);
    case XS_GRANT_TRANSFER:
      return fmt::format("gives frame {:#x} for reference {}", u.mfn, u.ref);
    case XS_GRANT_EXCHANGE_TO:
      return fmt::format("gives frame {:#x} in exchange for reference {}", u.mfn, u.ref);
    case XS_GRANT_EXCHANGE_FROM:
      return fmt::format("gets frame {:#x} in exchange by reference {}", u.mfn, u.ref);
    default:
      return fmt::format("copies {} frame {:#x} by reference {}", u.use == XS_GRANT_COPY_TO ? "to" : "from",
                         u.mfn, u.ref);
  }
}

/// What the entry says against a use, but for the frame.
std::string entry_problem(const GrantUse& u, const grant_entry_v1_t& e, const std::string& its_domain) {
  const unsigned type = e.flags & GTF_type_mask;
  const bool transfer = is_move(u), exchange = transfer && u.use != XS_GRANT_TRANSFER;
  const unsigned announced = transfer ? GTF_transfer_committed : GTF_reading | (writes(u) ? GTF_writing : 0);
  if (type != (transfer ? GTF_accept_transfer : GTF_permit_access))
    return fmt::format("whose entry does not allow it: flags {:#x}", e.flags);
  if (transfer && exchange != ((e.flags & XS_GTF_EXCHANGE) != 0))
    return fmt::format("whose entry is for {}", exchange ? "a transfer" : "an exchange");
  if (e.domid != u.user) return "whose entry is for " + its_domain;
  if (!transfer && writes(u) && (e.flags & GTF_readonly) != 0) return "whose entry is for reading only";
  if ((e.flags & announced) != announced)
    return fmt::format("whose entry tells nothing of it: flags {:#x}", e.flags);
  return "";
}

}  // namespace

Moment Observer::Impl::now() const { return {quanta_ended ? quanta_ended() : ~u64{0}, counters.switches}; }

/// Nobody but `cpu` can have written the granter's entries, or used them, since then. Who may write them is
/// the granter; the toolstack does before the domain runs.
bool Observer::Impl::undisturbed(unsigned cpu, u32 granter, const Moment& since) const {
  if (quanta_ended && quanta_ended() == since.quanta) return true;
  if (counters.switches != since.switches) return false;
  for (unsigned other = 0; other < options.cpus; ++other) {
    if (other == cpu) continue;
    const OpenOperation* op = state_->operation(other);
    if (dv_domid(state_->running(other)) == granter || (op && is_grant_operation(op->operation)))
      return false;
  }
  return true;
}

/// nullptr: that page of the table has no frame.
const u8* Observer::Impl::grant_entry(u32 granter, u32 ref) const {
  const auto domain = state_->domains().find(granter);
  if (domain == state_->domains().end()) return nullptr;
  const auto page = domain->second.grant_pages.find(ref / entries_per_page);
  if (page == domain->second.grant_pages.end()) return nullptr;
  return memory->host((page->second << frame_shift) + ref % entries_per_page * sizeof(grant_entry_v1_t));
}

/// What is held by the grant alone is for devices, but in a model without tables.
bool Observer::Impl::shown_by_grant(u32 domid, u32 index, bool write) const {
  const GrantInUse g = state_->grants().of_user(domid, state_->ram().mfn(index), state_->frame(index).owner);
  if (g.all() == 0) return false;
  const auto domain = state_->domains().find(domid);
  const bool tables = domain == state_->domains().end() || domain->second.model != XS_MODEL_IDENTITY;
  const u64 writers = tables ? g.shown.writers : g.writers(), all = tables ? g.shown.all() : g.all();
  return (write ? writers : all) != 0;
}

/// For the one that runs there: with tags, a TLB keeps other domains' translations besides.
bool Observer::Impl::tlb_holds_for_guest(unsigned cpu, u64 mfn) const {
  if (options.architecture != "ia64") return tlb_reaches && tlb_reaches(cpu, mfn);
  if (!tagged_pages) return false;
  const std::vector<ReachablePage> pages = tagged_pages(cpu);
  return std::any_of(pages.begin(), pages.end(), [&](const ReachablePage& page) {
    return (mfn << frame_shift) - (page.pa & ~frame_mask) < page.size;
  });
}

void Observer::Impl::grant_broken(const CpuView& view, const GrantUse& u, const std::string& problem) {
  isolation_broken({Invariant::grant, u.mfn,
                    fmt::format("{} {} of {}, {}; {}", state_->domain_label(u.user), deed(u),
                                state_->domain_label(u.granter), problem, here(view, view.caller()))});
}

/// Of the first use; later ones are of the frame that it was then.
std::string Observer::Impl::granted_frame_problem(const GrantUse& u, u32 frame) const {
  const u64 named = frame_named(u.granter, frame);
  if (named == u.mfn) return "";
  if (named == invalid_frame) return fmt::format("whose entry names GFN {:#x}, where it has no frame", frame);
  return fmt::format("whose entry names frame {:#x}", named);
}

/// The entry of an exchange names the receiver's frame until it is completed, where names are machine frames,
/// and the place of the one that has come where they are not.
bool Observer::Impl::names_moved_frame(const GrantUse& u) const {
  const auto domain = state_->domains().find(u.granter);
  if (domain == state_->domains().end()) return false;
  return holds_p2m(domain->second.model) ? u.use == XS_GRANT_EXCHANGE_TO : u.use == XS_GRANT_EXCHANGE_FROM;
}

std::string Observer::Impl::grant_problem(const CpuView& view, const GrantUse& u) {
  const bool transfer = is_move(u);  // whatever the reference is used for besides
  const GrantInUse in_use = transfer ? GrantInUse{} : state_->grants().of_reference(u.granter, u.ref);
  const u32 index = state_->ram().index(u.mfn);
  const u32 owner = index == RamMap::none ? XS_OWNER_NONE : state_->frame(index).owner;
  if (owner != owner_after(u)) return fmt::format("but the frame is of {}", state_->domain_label(owner));
  if (in_use.all() != 0 && in_use.mfn != u.mfn)
    return fmt::format("which is in use, for frame {:#x}", in_use.mfn);
  const u8* entry = grant_entry(u.granter, u.ref);
  if (!entry) return "whose grant table has no such entry";
  if (view.cpu() >= grant_operation.size() ||
      !undisturbed(view.cpu(), u.granter, grant_operation[view.cpu()])) {
    ++counters.grant_unjudged;
    return "";
  }
  const grant_entry_v1_t e = load(entry);
  std::string problem = entry_problem(u, e, state_->domain_label(e.domid));
  const bool names_it = transfer ? names_moved_frame(u) : in_use.all() == 0;
  return problem.empty() && names_it ? granted_frame_problem(u, e.frame) : problem;
}

void Observer::Impl::check_grant(const CpuView& view, const GrantUse& u) {
  if (u.use != XS_GRANT_UNMAP) {
    const std::string problem = grant_problem(view, u);
    if (!problem.empty()) grant_broken(view, u, problem);
    return;
  }
  const GrantInUse* mapped = state_->grants().find({u.granter, u.ref, u.user});
  const Mappings of_kind = !mapped ? Mappings{} : u.held ? mapped->held : mapped->shown;
  if (!mapped || mapped->mfn != u.mfn || (u.write ? of_kind.writers : of_kind.readers) == 0)
    grant_broken(view, u, "which it has not mapped so");
}

/// Guest code of the user reaches the frame by the mapping that is over. A privileged domain, and the owner,
/// may reach it by other entries; but behind the flush none is in the TLB here that the tables do not have.
/// Nothing is flushed for a mapping that was not shown, or that its own operation takes back.
bool Observer::Impl::left_in_tlb(const CpuView& view, const GrantUse& u, unsigned cpu, u32 index) const {
  if (u.user != 0 && state_->frame(index).owner != u.user) return tlb_holds_for_guest(cpu, u.mfn);
  const auto mapped = mapped_now.find(cpu);
  const bool undone = mapped != mapped_now.end() && mapped->second == GrantKey{u.granter, u.ref, u.user};
  return cpu == view.cpu() && !u.held && !undone && tlb_outlives && tlb_reaches && tlb_reaches(cpu, u.mfn) &&
         tlb_outlives(cpu, u.mfn);
}

void Observer::Impl::check_unmapped(const CpuView& view, const GrantUse& u) {
  const u32 index = state_->ram().index(u.mfn);
  if (shown_by_grant(u.user, index, false)) return;
  for (unsigned cpu = 0; cpu < options.cpus; ++cpu)
    if (dv_domid(state_->running(cpu)) == u.user && left_in_tlb(view, u, cpu, index))
      grant_broken(view, u, fmt::format("but the TLB of CPU {} still maps it for guest code", cpu));
}

/// What the hypervisor announces in an entry it takes back with the last use, and not before.
void Observer::Impl::check_ended_grants(const CpuView& view) {
  for (const EndedGrant& ended : ended_grants) {
    const GrantUse& u = ended.use;
    // Who uses its own grants may have the operation's results written over its table.
    const bool judged = ended.cpu == view.cpu() && u.granter != u.user;
    const u8* entry = judged ? grant_entry(u.granter, u.ref) : nullptr;
    if (!entry) continue;
    const u16 flags = load(entry).flags;
    if (!undisturbed(view.cpu(), u.granter, ended.since)) {
      ++counters.grant_unjudged;
      continue;
    }
    if ((flags & GTF_type_mask) != GTF_permit_access) continue;
    const GrantInUse left = state_->grants().of_reference(u.granter, u.ref);
    const unsigned reading = GTF_reading, writing = GTF_writing;
    const unsigned left_over =
        flags & ((left.all() == 0 ? reading : 0) | (left.writers() == 0 && writes(u) ? writing : 0));
    const unsigned lost =
        ended.flags & ~flags & ((left.all() != 0 ? reading : 0) | (left.writers() != 0 ? writing : 0));
    if (left_over != 0)
      grant_broken(view, u, fmt::format("whose entry still tells of it afterwards: flags {:#x}", flags));
    if (lost != 0)
      grant_broken(view, u,
                   fmt::format("whose entry tells nothing of other uses any more: flags {:#x}", flags));
  }
}

void Observer::Impl::check_dead(const CpuView& view, u32 domid) {
  if (!options.isolation_monitor) return;
  for (const auto& [key, grant] : state_->grants().all())
    if (key.granter == domid || key.user == domid)
      isolation_broken({Invariant::grant, grant.mfn,
                        fmt::format("{} is dead, but {} maps frame {:#x} by reference {} of {}; {}",
                                    state_->domain_label(domid), state_->domain_label(key.user), grant.mfn,
                                    key.ref, state_->domain_label(key.granter), here(view, view.caller()))});
}

void Observer::Impl::mark_grant(const CpuView& view, u64 parties, u64 what, u64 mfn) {
  const auto use = decode_grant(parties, what, mfn);
  if (!use) return void(++counters.rejected);
  const GrantUse& u = *use;
  if (options.isolation_monitor) check_grant(view, u);
  if (!record(event_at(view, EventKind::grant, mfn, parties, what))) return;
  u64 ObserverCounters::*const counter[] = {
      &ObserverCounters::grant_maps,      &ObserverCounters::grant_unmaps,
      &ObserverCounters::grant_copies,    &ObserverCounters::grant_copies,
      &ObserverCounters::grant_transfers, &ObserverCounters::grant_exchanged,
      &ObserverCounters::grant_exchanged};
  ++(counters.*counter[u.use - XS_GRANT_MAP]);
  if (!options.isolation_monitor) return;
  if (u.use == XS_GRANT_MAP) mapped_now[view.cpu()] = {u.granter, u.ref, u.user};
  if (u.use == XS_GRANT_UNMAP) check_unmapped(view, u), check_iommu(view, state_->ram().index(mfn));
  const bool ends = u.use != XS_GRANT_MAP && !is_move(u) && state_->operation(view.cpu());
  const u8* entry = ends ? grant_entry(u.granter, u.ref) : nullptr;
  if (entry) ended_grants.push_back({view.cpu(), u, load(entry).flags, now()});
}

}  // namespace xs::observe
