// Grants in use, as they are told, against what is there: frames and their owners, entries of page tables and
// P2Ms. What the granter's entries say is not looked at: between operations they are its own to write.
#include <fmt/format.h>

#include "sim/observe/invariant_checker.h"
#include "sim/observe/names.h"

namespace xs::observe {

void InvariantChecker::check_grants() {
  for (const auto& [domid, d] : s_.domains())
    if (!in_motion(domid)) check_grant_pages(domid, d);
  for (const auto& [key, grant] : s_.grants().all()) {
    if (grant.held.all() == 0 || in_motion(key.granter) || in_motion(key.user)) continue;
    const u32 owner = s_.frame(s_.ram().index(grant.mfn)).owner;
    if (owner != key.granter)
      violate(Invariant::grant, grant.mfn,
              fmt::format("frame {:#x} of {} is held by {} by reference {} of {}", grant.mfn, label(owner),
                          label(key.user), key.ref, label(key.granter)));
  }
  shown_.clear();
  check_granted_entries();
}

void InvariantChecker::check_grant_pages(u32 domid, const DomainRecord& d) {
  for (const auto& [page, mfn] : d.grant_pages) {
    const FrameState& f = s_.frame(s_.ram().index(mfn));
    if (f.owner == domid && type_of_bits(f.type_bits) == XS_FRAME_SHARED) continue;
    violate(Invariant::grant, mfn,
            fmt::format("page {} of the grant table of {} is frame {:#x} of {}, which has type {}", page,
                        label(domid), mfn, label(f.owner), frame_type_name(type_of_bits(f.type_bits))));
  }
}

/// One more entry by which the domain's code reaches the frame: has it as many mappings?
bool InvariantChecker::exceeds_grants(u32 domid, u32 index, bool writable) {
  Mappings& found = shown_[{domid, index}];
  ++(writable ? found.writers : found.readers);
  const Mappings granted = s_.grants().of_user(domid, s_.ram().mfn(index), s_.frame(index).owner).shown;
  return found.all() > granted.all() || found.writers > granted.writers;
}

void InvariantChecker::check_granted_entries() {
  o_.held_p2m.for_each(*o_.memory, [&](u32 domid, u64, const HeldP2mEntry& e) {
    const u32 index = e.granted && !in_motion(domid) ? s_.ram().index(e.mfn) : RamMap::none;
    if (index == RamMap::none || !exceeds_grants(domid, index, e.writable)) return;
    const GrantInUse granted = s_.grants().of_user(domid, e.mfn, s_.frame(index).owner);
    violate(Invariant::p2m, e.mfn,
            fmt::format(
                "P2M of {}: GFN {:#x} shows frame {:#x} {}by a grant, but {}", label(domid), e.gfn, e.mfn,
                e.writable ? "writable " : "",
                granted.all() == 0 ? "none of the frame is in use" : "in use are " + mappings_text(granted)));
  });
}

void InvariantChecker::count_held_grants() {
  for (const auto& [key, grant] : s_.grants().all()) {
    const u32 index = s_.ram().index(grant.mfn);
    for (u64 i = 0; i < grant.held.all(); ++i) references_.add(index, i < grant.held.writers);
  }
}

/// Whoever maps the frame by a grant moves its counts as its owner does; who is about to cannot be told.
bool InvariantChecker::counts_move(u32 index) const {
  const u32 owner = s_.frame(index).owner;
  if (in_motion(owner)) return true;
  if (grants_in_motion_) {
    const auto d = s_.domains().find(owner);
    if (d != s_.domains().end() && !d->second.grant_pages.empty()) return true;
  }
  bool moves = false;
  s_.grants().for_frame(s_.ram().mfn(index), [&](const GrantKey& key, const GrantInUse&) {
    moves = moves || in_motion(key.user);
  });
  return moves;
}

}  // namespace xs::observe
