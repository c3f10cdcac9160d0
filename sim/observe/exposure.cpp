// How much of the machine a domain knows: machine numbers in its own frames, and in pages of P2Ms that it is
// shown. In models that hide them each one is a violation (check_translated.cpp); elsewhere they are counted.
#include <cstring>

#include "sim/observe/leak.h"
#include "sim/observe/observer_impl.h"

namespace xs::observe {
namespace {

constexpr unsigned words_per_frame = 512;

class Counter {
 public:
  Counter(const TraceState& s, MemoryPort& memory)
      : s_(s), memory_(memory), numbers_(s.ram()), now_ns_(s.time_ps() / 1000) {}

  Exposure of(u32 domid, const DomainRecord& d) {
    Exposure e;
    e.domid = domid;
    known_.assign(s_.ram().frames(), false);
    for (u32 i = 0; i < s_.ram().frames(); ++i)
      if (s_.frame(i).owner == domid) add_frame(s_.ram().mfn(i), e);
    d.p2m.for_each([&](u64, u64 mfn) {
      const u32 index = s_.ram().index(mfn);
      if (index != RamMap::none && type_of_bits(s_.frame(index).type_bits) == XS_FRAME_P2M) add_frame(mfn, e);
    });
    return e;
  }

 private:
  void add_frame(u64 mfn, Exposure& e) {
    const u8* bytes = memory_.host(mfn << frame_shift);
    if (!bytes) return;
    for (unsigned i = 0; i < words_per_frame; ++i) {
      u64 word;
      std::memcpy(&word, bytes + i * sizeof word, sizeof word);
      const MachineNumbers::Kind kind = numbers_.classify(word, now_ns_);
      if (kind != MachineNumbers::Kind::none) add_word(numbers_.frame_of(word, kind), e);
    }
  }

  void add_word(u64 mfn, Exposure& e) {
    const u32 index = s_.ram().index(mfn);
    if (index == RamMap::none) return;
    ++e.words;
    ++(s_.frame(index).owner == e.domid ? e.own : e.others);
    e.frames += !known_[index];
    known_[index] = true;
  }

  const TraceState& s_;
  MemoryPort& memory_;
  const MachineNumbers numbers_;
  const u64 now_ns_;
  std::vector<bool> known_;
};

}  // namespace

std::vector<Exposure> Observer::exposures() const {
  const Impl& i = *impl_;
  std::vector<Exposure> out;
  if (!i.state_ || !MachineNumbers(i.state_->ram()).any()) return out;
  Counter counter(*i.state_, *i.memory);
  for (const auto& [domid, record] : i.state_->domains())
    if (record.state != XS_DOM_DEAD) out.push_back(counter.of(domid, record));
  return out;
}

}  // namespace xs::observe
