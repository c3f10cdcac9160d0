// Translations in words, as the views write them.
#include <catch2/catch.hpp>

#include "viz/model/machine_image.h"

using namespace xs;
using namespace xs::viz;

TEST_CASE("rights by level are told once for levels that are alike") {
  constexpr u8 r = page_read, w = page_write, x = page_execute;
  CHECK(rights_text(std::array<u8, 4>{r | w, r | w, r | w, r | w}) == "rw-");
  CHECK(rights_text(std::array<u8, 4>{r | w | x, r | w | x, r | w | x, r | x}) == "rwx at 0-2, r-x at 3");
  CHECK(rights_text(std::array<u8, 4>{r | x, r | x, 0, 0}) == "r-x at 0-1");
  CHECK(rights_text(std::array<u8, 4>{0, x, 0, x}) == "--x at 1, --x at 3");
  CHECK(rights_text(std::array<u8, 4>{}) == "---");
}

TEST_CASE("CPUs and VCPUs by name") {
  CHECK(subject_of("cpu3") == Subject{3, 0});
  CHECK(subject_of("d0v0") == Subject{std::nullopt, 0});
  CHECK(subject_of("d12v3") == Subject{std::nullopt, 12 << 16 | 3});
  for (const char* wrong : {"", "cpu", "cpu1x", "d1", "d1v", "v1d1", "d1v2 ", "d70000v0"})
    CHECK_FALSE(subject_of(wrong));
}

TEST_CASE("a TLB entry is found by what is shown of it") {
  TlbEntryImage e;
  e.va = 0xffff800000401000, e.pa = 0x1234000, e.shift = 21;
  e.rights = {page_read, page_read, page_read, 0};
  e.where = "DTR", e.number = 5, e.rid = 0x40007, e.key = 0x11, e.global = true;
  const std::string text = tlb_text(e, "dom1 (web)");
  for (const char* word : {"ffff800000401000", "2M", "1234", "dom1 (web)", "r-- at 0-2", "DTR5", "global",
                           "rid 40007", "key 11"})
    CHECK(text.find(word) != text.npos);
  e.rid.reset(), e.key.reset(), e.global = false, e.number.reset();
  const std::string plain = tlb_text(e, "dom0");
  for (const char* word : {"rid", "key", "global", "DTR5"}) CHECK(plain.find(word) == plain.npos);
  CHECK(page_size_text(12) == "4K");
  CHECK(page_size_text(28) == "256M");
  CHECK(page_size_text(30) == "1G");
}

TEST_CASE("a wish for another address is another wish") {
  ImageWish a, b;
  CHECK(a == b);
  a.translation = TranslationWish{};
  CHECK_FALSE(a == b);
  b.translation = TranslationWish{};
  CHECK(a == b);
  b.translation->place.reset(), b.translation->va = 0x1000;
  CHECK_FALSE(a == b);
}
