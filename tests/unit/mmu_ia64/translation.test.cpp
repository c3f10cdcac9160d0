// Formats and rights, against the manual's tables written out.
#include <catch2/catch.hpp>
#include <string>

#include "tests/unit/mmu_ia64/ia64_tables.h"

using namespace xs;
using namespace xs::mmu::ia64;
using namespace xs::test;

namespace {

std::string letters(u8 rights) {
  std::string s;
  if (rights & right_read) s += 'R';
  if (rights & right_write) s += 'W';
  if (rights & right_execute) s += 'X';
  return s.empty() ? "-" : s;
}

/// Rows of table 4-2: TLB.ar, TLB.pl, rights at privilege levels 3, 2, 1 and 0.
struct Row {
  unsigned ar, pl;
  const char* at[4];
};
constexpr Row table_4_2[] = {
    {0, 3, {"R", "R", "R", "R"}},         {0, 2, {"-", "R", "R", "R"}},
    {0, 1, {"-", "-", "R", "R"}},         {0, 0, {"-", "-", "-", "R"}},
    {1, 3, {"RX", "RX", "RX", "RX"}},     {1, 2, {"-", "RX", "RX", "RX"}},
    {1, 1, {"-", "-", "RX", "RX"}},       {1, 0, {"-", "-", "-", "RX"}},
    {2, 3, {"RW", "RW", "RW", "RW"}},     {2, 2, {"-", "RW", "RW", "RW"}},
    {2, 1, {"-", "-", "RW", "RW"}},       {2, 0, {"-", "-", "-", "RW"}},
    {3, 3, {"RWX", "RWX", "RWX", "RWX"}}, {3, 2, {"-", "RWX", "RWX", "RWX"}},
    {3, 1, {"-", "-", "RWX", "RWX"}},     {3, 0, {"-", "-", "-", "RWX"}},
    {4, 3, {"R", "RW", "RW", "RW"}},      {4, 2, {"-", "R", "RW", "RW"}},
    {4, 1, {"-", "-", "R", "RW"}},        {4, 0, {"-", "-", "-", "RW"}},
    {5, 3, {"RX", "RX", "RX", "RWX"}},    {5, 2, {"-", "RX", "RX", "RWX"}},
    {5, 1, {"-", "-", "RX", "RWX"}},      {5, 0, {"-", "-", "-", "RWX"}},
    {6, 3, {"RWX", "RW", "RW", "RW"}},    {6, 2, {"-", "RWX", "RW", "RW"}},
    {6, 1, {"-", "-", "RWX", "RW"}},      {6, 0, {"-", "-", "-", "RW"}},
    {7, 3, {"X", "X", "X", "RX"}},        {7, 2, {"X", "X", "X", "RX"}},
    {7, 1, {"X", "X", "X", "RX"}},        {7, 0, {"X", "X", "X", "RX"}},
};

}  // namespace

TEST_CASE("page rights are those of table 4-2") {
  for (const Row& row : table_4_2)
    for (unsigned i = 0; i < 4; ++i) {
      INFO("ar " << row.ar << " pl " << row.pl << " cpl " << 3 - i);
      CHECK(letters(page_rights(row.ar, row.pl, 3 - i)) == row.at[i]);
    }
}

TEST_CASE("a translation is put together from PTE, ITIR, address and region") {
  const u64 entry = u64{1} << 52 | 0x0003'9876'5400'0000 >> 12 << 12 | 5u << 9 | 2u << 7 | 0x40 | 4u << 2 | 1;
  const Translation t = make_translation(entry, itir(26, 0xabcdef), 0xe000'0012'3456'789f, 0x123456);
  CHECK(t.va == 0x12'3400'0000 - (0x12'3400'0000 & 0x3ff'ffff));
  CHECK(t.pa == (entry & physical_mask & ~u64{0x3ff'ffff}));
  CHECK(t.rid == 0x123456);
  CHECK(t.key == 0xabcdef);
  CHECK(t.page_shift == 26);
  CHECK(t.ma == ma_uc);
  CHECK(t.pl == 2);
  CHECK(t.ar == 5);
  CHECK(t.present);
  CHECK(t.dirty);
  CHECK_FALSE(t.accessed);
  CHECK(t.exception_deferral);
  CHECK(t.translate(0x12'3456'789f) == (t.pa | 0x56'789f));
}

TEST_CASE("reserved fields of what is inserted") {
  CHECK_FALSE(is_reserved(pte(0x4000), itir(14)));
  CHECK(is_reserved(pte(0x4000) | 2, itir(14)));
  CHECK(is_reserved(pte(0x4000) | u64{1} << 50, itir(14)));
  for (unsigned ma : {1, 2, 3}) CHECK(is_reserved(pte(0x4000) | ma << 2, itir(14)));
  for (unsigned ma : {4, 5, 6, 7}) CHECK_FALSE(is_reserved(pte(0x4000) | ma << 2, itir(14)));
  CHECK_FALSE(is_reserved(2 | u64{1} << 51 | 1 << 2, itir(14)));  // not present: ignored
  CHECK(is_reserved(0, itir(15)));
  CHECK(is_reserved(0, itir(34)));
  CHECK(is_reserved(pte(0x4000), itir(14) | 1));
  CHECK(is_reserved(pte(0x4000), itir(14) | u64{1} << 32));
  for (unsigned shift : {12, 13, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32})
    CHECK_FALSE(is_reserved(0, itir(shift)));
}
