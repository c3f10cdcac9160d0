#include "viz/model/p2m.h"

#include <algorithm>

namespace xs::viz {
namespace {

void append(P2m& p2m, u64 gfn, u64 mfn) {
  ++p2m.entries;
  if (!p2m.runs.empty()) {
    P2mRun& last = p2m.runs.back();
    if (last.end() == gfn && last.mfn + last.count == mfn) {
      ++last.count;
      return;
    }
  }
  p2m.runs.push_back({gfn, mfn, 1});
}

constexpr u64 superpage_frames = 512;

u64 superpages_in(const P2mRun& run) {
  if ((run.gfn ^ run.mfn) % superpage_frames != 0) return 0;
  const u64 first = (run.gfn + superpage_frames - 1) / superpage_frames, end = run.end() / superpage_frames;
  return end > first ? end - first : 0;
}

}  // namespace

u64 P2m::mfn(u64 gfn) const {
  const auto next =
      std::upper_bound(runs.begin(), runs.end(), gfn, [](u64 g, const P2mRun& r) { return g < r.gfn; });
  if (next == runs.begin()) return invalid_frame;
  const P2mRun& run = *(next - 1);
  return gfn < run.end() ? run.mfn + (gfn - run.gfn) : invalid_frame;
}

u64 P2m::gfn(u64 mfn) const {
  const auto run =
      std::find_if(runs.begin(), runs.end(), [&](const P2mRun& r) { return mfn - r.mfn < r.count; });
  return run == runs.end() ? invalid_frame : run->gfn + (mfn - run->mfn);
}

u64 P2m::contradicted(u64 from, u64 to) const {
  return static_cast<u64>(std::lower_bound(against_m2p.begin(), against_m2p.end(), to) -
                          std::lower_bound(against_m2p.begin(), against_m2p.end(), from));
}

bool consistent(const observe::TraceState& state, u32 domid, u64 gfn, u64 mfn) {
  const u32 frame = state.ram().index(mfn);
  if (frame == observe::RamMap::none) return true;  // no RAM, no M2P
  const observe::FrameState& f = state.frame(frame);
  return f.owner != domid || f.gfn == gfn;
}

P2m p2m_of(const observe::TraceState& state, u32 domid) {
  P2m out;
  const auto domain = state.domains().find(domid);
  if (domain == state.domains().end()) return out;
  out.recorded = !domain->second.p2m.empty();
  for (const observe::P2mEntry& e : state.p2m_entries(domid)) append(out, e.gfn, e.mfn);
  for (const P2mRun& run : out.runs) {
    out.superpages += superpages_in(run);
    for (u64 i = 0; i < run.count; ++i)
      if (!consistent(state, domid, run.gfn + i, run.mfn + i)) out.against_m2p.push_back(run.gfn + i);
  }
  return out;
}

P2mDifferences p2m_difference(const P2m& before, const P2m& now, std::size_t limit) {
  std::vector<P2mDifference> out;
  const auto each = [&](const P2m& mine, const P2m& other, bool mine_is_new) {
    for (const P2mRun& run : mine.runs)
      for (u64 i = 0; i < run.count; ++i) {
        const u64 there = other.mfn(run.gfn + i);
        // An entry of both is told once.
        if (there == run.mfn + i || (!mine_is_new && there != invalid_frame)) continue;
        out.push_back(mine_is_new ? P2mDifference{run.gfn + i, there, run.mfn + i}
                                  : P2mDifference{run.gfn + i, run.mfn + i, there});
      }
  };
  each(now, before, true);
  each(before, now, false);
  std::sort(out.begin(), out.end(),
            [](const P2mDifference& a, const P2mDifference& b) { return a.gfn < b.gfn; });
  const u64 count = out.size();
  if (out.size() > limit) out.resize(limit);
  return {std::move(out), count};
}

std::vector<FrameUse> uses_of(const observe::TraceState& state, u64 mfn) {
  std::vector<FrameUse> out;
  for (const auto& [domid, record] : state.domains()) {
    record.p2m.for_each([&, id = domid](u64 gfn, u64 there) {
      if (there == mfn) out.push_back({id, gfn});
    });
  }
  return out;
}

std::string mfndump_text(const P2m& p2m) {
  std::vector<observe::P2mEntry> entries;
  for (const P2mRun& run : p2m.runs)
    for (u64 i = 0; i < run.count; ++i) entries.push_back({run.gfn + i, run.mfn + i});
  return observe::mfndump_text(entries);
}

}  // namespace xs::viz
