// A set of small numbers that is filled one by one and emptied all at once, in order.
#pragma once
#include <bit>
#include <vector>

#include "sim/core/types.h"

namespace xs::viz {

/// One bit for each number, and one for each word of those: a few marks among millions are found at once.
class Marks {
 public:
  explicit Marks(u32 size) : bits_((u64{size} + 63) / 64), words_((bits_.size() + 63) / 64) {}

  void mark(u32 number) {
    const u32 word = number / 64;
    bits_[word] |= u64{1} << number % 64;
    words_[word / 64] |= u64{1} << word % 64;
  }
  /// Bit n of `bits` stands for first + n.
  void mark(u32 first, u64 bits) {
    if (bits == 0) return;
    const u32 shift = first % 64;
    mark_word(first / 64, bits << shift);
    if (shift != 0 && bits >> (64 - shift) != 0) mark_word(first / 64 + 1, bits >> (64 - shift));
  }
  /// Calls take(first, bits) for all that is marked, in ascending order; nothing is marked afterwards.
  template <class Take>
  void take_all(Take take) {
    for (u32 group = 0; group < words_.size(); ++group) {
      for (u64 left = words_[group]; left != 0; left &= left - 1) {
        const u32 word = group * 64 + static_cast<u32>(std::countr_zero(left));
        const u64 bits = bits_[word];
        bits_[word] = 0;
        take(word * 64, bits);
      }
      words_[group] = 0;
    }
  }

 private:
  void mark_word(u32 word, u64 bits) {
    bits_[word] |= bits;
    words_[word / 64] |= u64{1} << word % 64;
  }

  std::vector<u64> bits_;
  std::vector<u64> words_;
};

}  // namespace xs::viz
