// One known owner per frame, free frames blank, frames sum to the machine's total, no GFN claimed twice.
#include <fmt/format.h>

#include "sim/observe/invariant_checker.h"
#include "sim/observe/names.h"

namespace xs::observe {

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

std::vector<std::string> total_disagreements(const OwnershipTable& kept, const std::map<u32, u64>& counted,
                                             u64 machine_frames) {
  std::vector<std::string> out;
  u64 sum = 0;
  for (const OwnershipRow& r : kept.rows) {
    sum += r.frames;
    const auto found = counted.find(r.owner);
    const u64 frames = found == counted.end() ? 0 : found->second;
    if (frames != r.frames)
      out.push_back(fmt::format("{} owns {} frames, {} are kept", owner_name(r.owner), frames, r.frames));
  }
  if (sum != machine_frames)
    out.push_back(fmt::format("owners hold {} frames, the machine has {}", sum, machine_frames));
  return out;
}

void InvariantChecker::check_total() {
  std::map<u32, u64> counted;
  for (u32 i = 0; i < frames(); ++i) ++counted[s_.frame(i).owner];
  u64 machine_frames = 0;
  for (const RamRange& r : o_.memory->ram()) machine_frames += r.size >> frame_shift;
  for (std::string& text : total_disagreements(s_.ownership(), counted, machine_frames))
    violate(Invariant::total, invalid_frame, std::move(text));
}

// In model direct a guest writes the M2P entries of its own frames as it likes. Who publishes no P2M promises
// nothing: two entries of the same value are its own business (and check_p2m tells that nothing was
// compared). And a frame that takes another one's place has its number for a moment before that one loses it.
void InvariantChecker::check_m2p() {
  const auto promises = [this](u32 domid) {
    if (in_motion(domid)) return false;
    const auto d = s_.domains().find(domid);
    GuestP2m p2m;
    return d == s_.domains().end() || d->second.model != XS_MODEL_DIRECT || o_.read_published(domid, p2m);
  };
  std::map<std::pair<u32, u64>, u64> claims;
  for (u32 i = 0; i < frames(); ++i) {
    const FrameState& f = s_.frame(i);
    if (!is_domain(f.owner) || f.gfn >= XS_M2P_SHARED || type_of_bits(f.type_bits) == XS_FRAME_SHARED)
      continue;
    const u64 mfn = s_.ram().mfn(i);
    const auto [first, fresh] = claims.try_emplace({f.owner, f.gfn}, mfn);
    if (!fresh && promises(f.owner))
      violate(Invariant::m2p, mfn,
              fmt::format("frames {:#x} and {:#x} of {} both have M2P entry {:#x}", first->second, mfn,
                          label(f.owner), f.gfn));
  }
}

}  // namespace xs::observe
