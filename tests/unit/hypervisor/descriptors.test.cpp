// Which segment descriptors a guest may load.
#include <catch2/catch.hpp>

#include "hypervisor/arch/x86_64/mm_tables.h"

using namespace hv;

TEST_CASE("code and data become ring 3 and accessed; gates and system segments are refused") {
  u64 kernel_code = 0x00af9a000000ffff;  // 64-bit code, DPL 0
  REQUIRE(descriptor_make_safe(kernel_code));
  CHECK(kernel_code == 0x00affb000000ffff);
  u64 data = 0x00cff2000000ffff;
  REQUIRE(descriptor_make_safe(data));
  CHECK(data == 0x00cff3000000ffff);
  for (u64 type : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 9u, 11u, 12u, 14u, 15u}) {
    u64 system = 1ull << 47 | type << 40;
    CHECK_FALSE(descriptor_make_safe(system));
  }
}

TEST_CASE("what is not present is left alone") {
  u64 any = ~0ull & ~(1ull << 47);
  REQUIRE(descriptor_make_safe(any));
  CHECK(any == (~0ull & ~(1ull << 47)));
  u64 page[512] = {};
  CHECK(descriptor_page_is_safe(page));
  page[511] = 1ull << 47 | 0xcull << 40;
  CHECK_FALSE(descriptor_page_is_safe(page));
}
