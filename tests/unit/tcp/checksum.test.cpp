#include "guests/lib/tcp/checksum.h"

#include <catch2/catch.hpp>
#include <vector>

#include "tests/unit/tcp/pair.h"

using tcp_test::Rng;

namespace {
/// As RFC 1071 describes it.
u32 plain_add(u32 sum, const u8* at, u32 length) {
  for (; length > 1; length -= 2, at += 2) {
    sum += u32{at[0]} << 8 | at[1];
    sum = (sum & 0xffff) + (sum >> 16);
  }
  if (length) sum += u32{at[0]} << 8;
  return (sum & 0xffff) + (sum >> 16);
}
u16 plain_end(u32 sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  const u8 bytes[] = {static_cast<u8>(~sum >> 8), static_cast<u8>(~sum)};
  u16 word;
  __builtin_memcpy(&word, bytes, sizeof word);
  return word;
}
}  // namespace

TEST_CASE("the numbers of RFC 1071, 3") {
  const u8 bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  const u16 word = checksum_end(checksum_add(0, bytes, sizeof bytes));
  const u8* const in_memory = reinterpret_cast<const u8*>(&word);
  CHECK(in_memory[0] == (~0xdd & 0xff));
  CHECK(in_memory[1] == (~0xf2 & 0xff));
}

TEST_CASE("the sum is the plain one, wherever it begins and however long") {
  Rng rng(1071);
  alignas(16) u8 memory[4200];
  for (u32 kind = 0; kind < 3; kind++) {
    for (u8& b : memory) b = kind == 0 ? u8{0xff} : kind == 1 ? u8{0} : static_cast<u8>(rng());
    for (u32 from = 0; from < 17; from++)
      for (u32 length = 0; length < 130; length++) {
        const std::vector<u8> exact(memory + from, memory + from + length);
        const u32 before = rng() % 0x30000;
        REQUIRE(checksum_end(checksum_add(before, memory + from, length)) ==
                plain_end(plain_add(before, exact.data(), length)));
      }
    for (u32 i = 0; i < 500; i++) {
      const u32 from = rng() % 64, length = rng() % 4097;
      REQUIRE(checksum_end(checksum_add(0, memory + from, length)) ==
              plain_end(plain_add(0, memory + from, length)));
    }
  }
}

TEST_CASE("parts add up to the whole, and the whole with its sum to nothing") {
  Rng rng(7);
  std::vector<u8> bytes(1501);
  for (u8& b : bytes) b = static_cast<u8>(rng());
  bytes[10] = bytes[11] = 0;
  for (u32 cut = 0; cut <= 1500; cut += 2) {
    const u32 first = checksum_add(0, bytes.data(), cut);
    CHECK(checksum_end(checksum_add(first, bytes.data() + cut, 1501 - cut)) ==
          checksum_end(checksum_add(0, bytes.data(), 1501)));
  }
  const u16 sum = checksum_end(checksum_add(0, bytes.data(), 1501));
  __builtin_memcpy(&bytes[10], &sum, sizeof sum);
  CHECK(checksum_end(checksum_add(0, bytes.data(), 1501)) == 0);
  bytes[700] ^= 4;
  CHECK(checksum_end(checksum_add(0, bytes.data(), 1501)) != 0);
}
