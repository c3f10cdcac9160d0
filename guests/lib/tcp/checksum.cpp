// A simulated core executes each of these instructions, so eight bytes are added at a time, as they lie in
// memory: in ones' complement a sum of swapped words is the swapped sum, and one of wider words folds to it
// (RFC 1071, 2 (B) and (C)). No access crosses its natural boundary.
#include "guests/lib/tcp/checksum.h"

namespace {
constexpr bool is_little_endian = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;

template <typename T>
u64 word_at(const u8* at) {
  using Word [[gnu::may_alias]] = T;
  return *reinterpret_cast<const Word*>(at);
}

struct Sum {
  u64 low = 0, carries = 0;
  void add(u64 word) {
    low += word;
    carries += low < word;
  }
  u32 folded() const {
    u64 sum = (low >> 32) + (low & 0xffffffff) + carries;
    while (sum >> 16) sum = (sum >> 16) + (sum & 0xffff);
    return static_cast<u32>(sum);
  }
};

template <typename T>
void add_one(Sum& sum, const u8*& at, u32& length) {
  sum.add(word_at<T>(at));
  at += sizeof(T);
  length -= u32{sizeof(T)};
}

bool is_odd_multiple(const u8* at, u32 size) { return reinterpret_cast<u64>(at) & size; }

// From an even address on; in the order of this machine's bytes.
u32 sum_of(const u8* at, u32 length) {
  Sum sum;
  if (is_odd_multiple(at, 2) && length >= 2) add_one<u16>(sum, at, length);
  if (is_odd_multiple(at, 4) && length >= 4) add_one<u32>(sum, at, length);
  for (; length >= 32; length -= 32, at += 32) {
    sum.add(word_at<u64>(at));
    sum.add(word_at<u64>(at + 8));
    sum.add(word_at<u64>(at + 16));
    sum.add(word_at<u64>(at + 24));
  }
  while (length >= 8) add_one<u64>(sum, at, length);
  // Less than eight are left; where they begin they are aligned for the widest that still fits.
  if (length >= 4 && !is_odd_multiple(at, 2)) add_one<u32>(sum, at, length);
  while (length >= 2) add_one<u16>(sum, at, length);
  if (length) sum.add(is_little_endian ? u64{*at} : u64{*at} << 8);
  return sum.folded();
}

u32 swapped(u32 word) { return (word & 0xff) << 8 | word >> 8; }
}  // namespace

u32 checksum_add(u32 sum, const void* bytes, u32 length) {
  const auto* at = static_cast<const u8*>(bytes);
  u32 words = 0;
  if (length && is_odd_multiple(at, 1)) {
    // What follows the first byte lies the other way round.
    words = swapped(sum_of(at + 1, length - 1)) + (is_little_endian ? u32{*at} : u32{*at} << 8);
    words = (words & 0xffff) + (words >> 16);
  } else {
    words = sum_of(at, length);
  }
  sum = (sum & 0xffff) + (sum >> 16) + (is_little_endian ? swapped(words) : words);
  return (sum & 0xffff) + (sum >> 16);
}

u16 checksum_end(u32 sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  const auto word = static_cast<u16>(~sum);
  return is_little_endian ? __builtin_bswap16(word) : word;
}
