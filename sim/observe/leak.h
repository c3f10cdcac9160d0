// Machine addresses where none may be: in memory and registers of domains whose model hides them.
//
// A number tells nothing by itself. So the machine's heap RAM lies where no other number does (addresses from
// 15 TiB on, frames that are 32-bit numbers with the highest bits set), and every 64-bit word that could be
// one of its frames or addresses is one.
#pragma once
#include <span>
#include <string>

#include "sim/observe/trace_state.h"

namespace xs::observe {

class MachineNumbers {
 public:
  /// MFNs below are other small numbers, too.
  static constexpr u64 least_mfn = 0xf0000000;
  /// ... and MFNs from 2^32 on whose lower half is below are pairs of such.
  static constexpr u64 least_low_half = u64{1} << 24;
  explicit MachineNumbers(const RamMap& ram) {
    for (const RamMap::Range& r : ram.ranges())
      if (r.first >= least_mfn && count_ == 0) first_ = r.first, count_ = r.count;
  }
  enum class Kind : u8 { none, frame, address };
  bool any() const { return count_ != 0; }
  bool is_frame(u64 word) const { return word - first_ < count_; }
  bool frames_are_distinct() const { return (first_ & 0xffffffff) >= least_low_half; }
  /// A machine address, or a page-table entry with one: bits 51..12 are a frame, the others may be anything.
  bool is_address(u64 word) const { return is_frame(frame_of(word, Kind::address)); }

  /// `now_ns`: a number that close to the simulated time is a time (4.29 s is 2^32 ns).
  Kind classify(u64 word, u64 now_ns) const {
    constexpr u64 near_ns = 1'500'000'000;
    if (is_address(word)) return Kind::address;
    if (frames_are_distinct() && is_frame(word) && word - (now_ns - near_ns) >= 2 * near_ns)
      return Kind::frame;
    return Kind::none;
  }
  /// Of a word that is one of them.
  static u64 frame_of(u64 word, Kind kind) {
    return kind == Kind::frame ? word : (word & address_bits) >> frame_shift;
  }

 private:
  static constexpr u64 address_bits = 0x000ffffffffff000;
  u64 first_ = 0, count_ = 0;
};

/// Models whose unprivileged domains know no machine address.
constexpr bool hides_machine_numbers(u32 domid, u32 model) {
  return domid != 0 &&
         (model == XS_MODEL_TRANSLATED || model == XS_MODEL_DOM0_PMT || model == XS_MODEL_NESTED);
}

}  // namespace xs::observe
