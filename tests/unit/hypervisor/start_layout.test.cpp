// The start-of-day layout against the rules of <xen/xen.h>: order, padding, alignment, and page tables that
// suffice for exactly what is mapped.
#include <catch2/catch.hpp>

#include <set>

#include "hypervisor/arch/x86_64/mm_pte.h"
#include "hypervisor/arch/x86_64/mm_start_layout.h"

using namespace hv;

namespace {
GuestImage kernel_of(u64 bytes, Vaddr base = 0xffffffff80000000) {
  GuestImage image;
  image.virt_base = image.start = image.entry = base;
  image.end = base + bytes;
  return image;
}

u64 tables_needed(const StartLayout& l) {
  std::set<std::pair<unsigned, u64>> tables;
  const auto add = [&](Vaddr from, u64 pages) {
    for (u64 i = 0; i < pages; i++)
      for (unsigned level = 2; level <= 5; level++)
        tables.insert({level, (from + (i << kPageShift)) >> (12 + 9 * (level - 1)) &
                                  ((1ull << (48 - 12 - 9 * (level - 1))) - 1)});
  };
  add(l.virt_base, l.pages);
  if (l.separate_p2m) add(l.p2m_va, l.p2m_pages);
  return tables.size();
}
}  // namespace

TEST_CASE("elements follow each other and fit") {
  for (const u64 kernel : {4096ull, 300'000ull, 4ull << 20, 37ull << 20})
    for (const u64 initrd : {0ull, 1ull, 5ull << 20})
      for (const u64 pages : {16384ull, 131072ull, 1ull << 20}) {
        StartLayout l;
        REQUIRE(start_layout(kernel_of(kernel), initrd, pages, true, l) == nullptr);
        CHECK(l.initrd_pfn == (kernel + 4095) / 4096);
        CHECK(l.p2m_pfn == l.initrd_pfn + (initrd + 4095) / 4096);
        CHECK(l.start_info_pfn == l.p2m_pfn + (pages * 8 + 4095) / 4096);
        CHECK(l.tables_pfn == l.start_info_pfn + 1);
        CHECK(l.stack_pfn == l.tables_pfn + l.table_pages);
        CHECK(l.va(l.pages) % (4 << 20) == 0);
        const u64 padding = (l.pages - l.stack_pfn - 1) * 4096;
        CHECK(padding >= 512 << 10);
        CHECK(padding < (4 << 20) + (512 << 10));
        CHECK(l.table_pages >= tables_needed(l));
        CHECK(l.table_pages <= tables_needed(l) + 2);
      }
}

TEST_CASE("INIT_P2M maps the list elsewhere") {
  GuestImage image = kernel_of(1 << 20);
  image.init_p2m = 0x8000000000;
  StartLayout l;
  REQUIRE(start_layout(image, 0, 65536, true, l) == nullptr);
  CHECK(l.p2m_va == 0x8000000000);
  CHECK(l.table_pages >= tables_needed(l));
}

TEST_CASE("what cannot be placed is refused") {
  StartLayout l;
  CHECK(start_layout(kernel_of(8 << 20), 0, 1024, true, l) != nullptr);
  CHECK(start_layout(kernel_of(4096, 0xffff800000000000), 0, 16384, true, l) != nullptr);
  CHECK(start_layout(kernel_of(8 << 20, 0x00007fffffc00000), 0, 16384, true, l) != nullptr);
  CHECK(start_layout(kernel_of(4096, 0xffffffffffc00000), 8 << 20, 16384, true, l) != nullptr);
  CHECK(start_layout(kernel_of(4096, 0x1000), 0, 16384, true, l) != nullptr);
  GuestImage image = kernel_of(4096);
  for (const Vaddr bad : {Vaddr{0xffff800000000000}, Vaddr{0xffff7ffffffff000}, Vaddr{0x8000000001},
                          Vaddr{0xfffffffffffff000}}) {
    image.init_p2m = bad;
    CHECK(start_layout(image, 0, 65536, true, l) != nullptr);
  }
  image = kernel_of(4096, 0);
  CHECK(start_layout(image, 0, 16384, true, l) == nullptr);
}
