// Invariants of domains whose P2M the hypervisor holds, and of those that must know no machine address.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "sim/observe/invariant_checker.h"

namespace xs::observe {

// The hypervisor changes both tables within one operation, so that there is no time to settle.
void InvariantChecker::check_held_p2m(u32 domid, const DomainRecord& d) {
  d.p2m.for_each([&](u64 gfn, u64 mfn) {
    ++report_.p2m_entries_checked;
    const auto frame = o_.frame(mfn);
    const bool p2m_page = frame && frame->type == XS_FRAME_P2M && o_.reads_p2m(domid, mfn);
    const bool others = frame && frame->owner != domid && is_domain(frame->owner);
    const bool granted =
        frame && frame->gfn != gfn && s_.grants().of_user(domid, mfn, frame->owner).shown.all() != 0;
    const bool is_foreign = (others && domid == 0) || granted;
    if (!frame)
      violate(
          Invariant::p2m, mfn,
          fmt::format("P2M of {}: GFN {:#x} names frame {:#x}, which is not RAM", label(domid), gfn, mfn));
    else if (frame->owner != domid && !is_foreign && !p2m_page)
      violate(Invariant::p2m, mfn,
              fmt::format("P2M of {}: GFN {:#x} names frame {:#x}, which {} owns", label(domid), gfn, mfn,
                          label(frame->owner)));
    else if (!is_foreign && frame->gfn != gfn)
      violate(Invariant::p2m, mfn,
              fmt::format("P2M of {}: GFN {:#x} names frame {:#x}, whose M2P entry is {:#x}", label(domid),
                          gfn, mfn, frame->gfn));
  });
  for (u32 i = 0; i < frames(); ++i)
    if (s_.frame(i).owner == domid) check_place(domid, d, i);
}

// A frame that is the domain's, and not just held by somebody's mapping of what was its own, has a place in
// its P2M: no other way leads to the frame, neither to use it nor to give it back. Pages that the hypervisor
// shares with the domain are in it where the domain wants them.
void InvariantChecker::check_place(u32 domid, const DomainRecord& d, u32 index) {
  const FrameState& f = s_.frame(index);
  const u64 mfn = s_.ram().mfn(index);
  const bool placed = f.gfn < XS_M2P_SHARED;
  if (placed && d.p2m.get(f.gfn) != mfn)
    violate(Invariant::p2m, mfn,
            fmt::format("frame {:#x} of {} has M2P entry {:#x}, but P2M of that GFN names frame {:#x}", mfn,
                        label(domid), f.gfn, d.p2m.get(f.gfn)));
  const bool allocated = o_.counts_[index].count_info & XS_COUNT_ALLOCATED;
  if (!placed && allocated && type_of_bits(f.type_bits) != XS_FRAME_SHARED)
    violate(Invariant::p2m, mfn,
            fmt::format("frame {:#x} of {} is lost: its P2M has no GFN for it", mfn, label(domid)));
}

// Entries for other domains' frames in a P2M that the hypervisor holds are references as those of page
// tables.
void InvariantChecker::count_foreign_entries() {
  o_.held_p2m.for_each(*o_.memory, [&](u32, u64, const HeldP2mEntry& e) {
    const u32 index = e.foreign ? s_.ram().index(e.mfn) : RamMap::none;
    if (index != RamMap::none) references_.add(index, e.writable);
  });
}

void InvariantChecker::check_memory_of(u32 index, const MachineNumbers& numbers, u64 now_ns) {
  const u64 mfn = s_.ram().mfn(index);
  const u8* bytes = o_.memory->host(mfn << frame_shift);
  if (!bytes) return;
  for (unsigned i = 0; i < 512; ++i) {
    u64 word;
    std::memcpy(&word, bytes + i * 8, sizeof word);
    if (numbers.classify(word, now_ns) == MachineNumbers::Kind::none ||
        o_.is_told(s_.frame(index).owner, word))
      continue;
    violate(Invariant::leak, mfn,
            fmt::format("frame {:#x} (GFN {:#x}) of {} holds machine number {:#x} at offset {:#x}", mfn,
                        s_.frame(index).gfn, label(s_.frame(index).owner), word, i * 8));
  }
  report_.words_searched += 512;
}

void InvariantChecker::check_leaks(std::span<const CpuView* const> cpus) {
  constexpr unsigned most_registers = 128;  // IA-64's; x86-64 has 16
  const MachineNumbers numbers(s_.ram());
  const auto concerns = [&](u32 domid) {
    const auto d = s_.domains().find(domid);
    return d != s_.domains().end() && d->second.state != XS_DOM_DEAD &&
           hides_machine_numbers(domid, d->second.model);
  };
  if (std::none_of(s_.domains().begin(), s_.domains().end(),
                   [&](const auto& d) { return concerns(d.first); }))
    return;
  if (!numbers.any())
    return report_.skipped.emplace_back(
               "leaks: machine numbers are small ones here, which other numbers may equal"),
           void();
  const u64 now_ns = s_.time_ps() / 1000;
  for (u32 i = 0; i < frames(); ++i)
    if (is_domain(s_.frame(i).owner) && concerns(s_.frame(i).owner)) check_memory_of(i, numbers, now_ns);
  for (const CpuView* cpu : cpus) {
    const u32 domid = dv_domid(s_.running(cpu->cpu()));
    for (unsigned r = 0; r < most_registers && cpu->in_guest() && concerns(domid); ++r)
      if (numbers.classify(cpu->general_reg(r), now_ns) != MachineNumbers::Kind::none &&
          !o_.is_told(domid, cpu->general_reg(r)))
        violate(Invariant::leak, invalid_frame,
                fmt::format("register {} of {} on CPU {} holds machine number {:#x} at {}", r, label(domid),
                            cpu->cpu(), cpu->general_reg(r), o_.symbols_on(cpu->cpu()).describe(cpu->pc())));
  }
  for (const Violation& v : o_.leaks) violate(v.which, v.mfn, v.text);
}

}  // namespace xs::observe
