// P2M and M2P agree: for each domain whose P2M is its own, both ways.
#include <fmt/format.h>

#include "sim/observe/invariant_checker.h"
#include "sim/observe/names.h"

namespace xs::observe {
namespace {

constexpr u64 settle_ps = 1'000'000'000;  // 1 ms: a guest's own steps around a reservation call

}  // namespace

void InvariantChecker::check_p2m(u32 domid, const DomainRecord& d) {
  const auto skip = [&](const std::string& why) {
    report_.skipped.push_back(fmt::format("{}: P2M not compared: {}", label(domid), why));
  };
  if (d.state == XS_DOM_DEAD || in_motion(domid)) return;
  if (d.state == XS_DOM_DYING || d.state == XS_DOM_CRASHED) return skip(domain_state_name(d.state));
  if (holds_p2m(d.model)) return check_held_p2m(domid, d);
  if (d.model == XS_MODEL_IDENTITY) return check_identity(domid);
  if (d.model != XS_MODEL_DIRECT)
    return skip(fmt::format("model {} has no P2M of the guest's", memory_model_name(d.model)));
  GuestP2m p2m;
  if (!o_.read_published(domid, p2m)) return skip(d.ready ? "not published" : "has not run yet");
  CheckReport before = report_;
  const auto counts = count_;
  check_p2m_entries(domid, p2m);
  // The guest takes several steps to move a frame; a mismatch counts once it has had the time to finish.
  if (report_.violation_count != before.violation_count && now_ps_ - d.memory_ps < settle_ps) {
    report_ = std::move(before);
    count_ = counts;
    skip("its memory is changing");
  }
}

/// The domain's names for its frames are the machine's.
void InvariantChecker::check_identity(u32 domid) {
  for (u32 i = 0; i < frames(); ++i) {
    const FrameState& f = s_.frame(i);
    const u64 mfn = s_.ram().mfn(i);
    if (f.owner != domid || f.gfn >= XS_M2P_SHARED) continue;
    ++report_.p2m_entries_checked;
    if (f.gfn != mfn)
      violate(Invariant::p2m, mfn,
              fmt::format("frame {:#x} of {}, whose model is identity, has M2P entry {:#x}", mfn,
                          label(domid), f.gfn));
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

}  // namespace xs::observe
