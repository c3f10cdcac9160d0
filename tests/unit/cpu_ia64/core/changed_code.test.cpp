// Code that changes while its block runs, without srlz.i: how far ahead a processor has fetched is its own
// choice (SDM vol. 2 3.2.1, 4.4.3), but not that of whoever divides a run into slices. Ours has fetched
// nothing.
#include "tests/unit/cpu_ia64/core/bench.h"
#include "tests/unit/cpu_ia64/core/encode.h"

using namespace xs;
using namespace xs::ia64;
using namespace xs::ia64::test;

namespace {

constexpr u64 code = 0x10000;
constexpr Bundle first_code = Bundle::make(mii, nop, set(8, 1), set(9, 1));
constexpr Bundle new_code = Bundle::make(mii, nop, set(8, 0x101), set(9, 0x201));

/// Runs what `prepare` has put at `code` up to a branch to itself: in one slice, in slices of 1 and of 2.
template <class Prepare, class Check>
void in_all_slices(Prepare prepare, Check check) {
  for (const u64 slice : {1000, 1, 2}) {
    INFO("slices of " << slice);
    Bench b;
    b.core.reset(code);
    prepare(b);
    while (b.core.cycles() < 40) b.core.run(b.core.cycles() + std::min(slice, 40 - b.core.cycles()));
    check(b);
  }
}

void check_new_code(Bench& b) {
  CHECK(b.r().gr[8] == 0x101);
  CHECK(b.r().gr[9] == 0x201);
  CHECK(b.core.cycles() == 40);
  CHECK(b.core.instructions() == 40);
}

/// Registers for a store of the bundle's upper half, which is where slots 1 and 2 differ.
void store_upper_half(Bench& b, u64 va) {
  b.r().gr[2] = va + 8;
  b.r().gr[3] = new_code.high;
}

}  // namespace

TEST_CASE("a store changes what stands behind it in its own bundle") {
  in_all_slices(
      [](Bench& b) {
        b.put(code, Bundle::make(mii, store(2, 3), set(8, 1), set(9, 1)));
        b.put(code + 16, Bundle::make(mib, nop, nop, branch_to_itself));
        store_upper_half(b, code);
      },
      check_new_code);
}

TEST_CASE("a store changes the next bundle, and one farther on") {
  for (const u64 distance : {1, 3})
    in_all_slices(
        [distance](Bench& b) {
          b.put(code, Bundle::make(mii, store(2, 3), nop, nop));
          for (u64 n = 1; n < distance; ++n) b.put(code + n * 16, Bundle::make(mii, nop, set(10, n), nop));
          b.put(code + distance * 16, first_code);
          b.put(code + distance * 16 + 16, Bundle::make(mib, nop, nop, branch_to_itself));
          store_upper_half(b, code + distance * 16);
        },
        check_new_code);
}

TEST_CASE("a store across the end of the frame changes the bundle that ends there") {
  constexpr u64 last = code + frame_size - 16;
  in_all_slices(
      [](Bench& b) {
        const Bundle before = Bundle::make(mii, store(2, 3), set(8, 0x101), set(9, 1));
        const Bundle after = Bundle::make(mii, store(2, 3), set(8, 0x101), set(9, 0x201));
        b.put(last, before);
        b.put(last + 16, Bundle::make(mib, nop, nop, branch_to_itself));
        u32 next = 0;
        std::memcpy(&next, &b.ram.bytes[last + 16], sizeof next);
        REQUIRE(static_cast<u32>(before.high) == static_cast<u32>(after.high));
        b.r().gr[2] = last + 12;
        b.r().gr[3] = after.high >> 32 | u64{next} << 32;
        b.r().ip = last;
      },
      check_new_code);
}

TEST_CASE("the register stack's own store changes code") {
  in_all_slices(
      [](Bench& b) {
        b.put(code, Bundle::make(mib, nop, nop, cover));
        b.put(code + 16, Bundle::make(mii, flushrs, nop, nop));
        b.put(code + 32, first_code);
        b.put(code + 48, Bundle::make(mib, nop, nop, branch_to_itself));
        Processor& p = b.core.processor();
        p.stack.set_bspstore(code + 32);
        p.set_frame(FrameMarker::make(2, 0, 0));
        p.r.gr[32] = new_code.low;
        p.r.gr[33] = new_code.high;
      },
      check_new_code);
}

TEST_CASE("PSR.pk holds for the next instruction's own page, for code that ran without it too") {
  constexpr u64 page = 0x661, itir = 20 << 2 | u64{5} << 8;  // key 5, which no register has
  in_all_slices(
      [](Bench& b) {
        b.put(code, Bundle::make(mii, nop, set(8, 0x101), nop));
        b.put(code + 16, Bundle::make(mii, ssm(psr::pk), set(9, 1), set(10, 1)));
        b.put(code + 32, Bundle::make(mib, nop, nop, branch_to_itself));
        Processor& p = b.core.processor();
        p.mmu.insert_register(true, 0, page, itir, 0);
        p.set_psr(p.r.psr | psr::it | psr::ic);
        p.r.iva = 0x20000;
        b.put(p.r.iva + static_cast<u64>(Vector::instruction_key_miss),
              Bundle::make(mib, nop, nop, branch_to_itself));
      },
      [](Bench& b) {
        CHECK(b.r().gr[8] == 0x101);
        CHECK(b.r().gr[9] == 0);
        CHECK(b.r().iip == code + 16);
        CHECK((b.r().ipsr & psr::ri) == u64{1} << psr::ri_shift);
      });
}

TEST_CASE("an interrupt that a store sends to its own processor comes behind the store") {
  in_all_slices(
      [](Bench& b) {
        b.put(code, Bundle::make(mii, store(2, 3), set(8, 1), set(9, 1)));
        b.put(code + 16, Bundle::make(mib, nop, nop, branch_to_itself));
        Processor& p = b.core.processor();
        p.set_psr(p.r.psr | psr::ic | psr::i);
        p.r.iva = 0x20000;
        b.put(p.r.iva + static_cast<u64>(Vector::external_interrupt),
              Bundle::make(mib, nop, nop, branch_to_itself));
        b.r().gr[2] = u64{1} << 63 | 0xfee00000;  // to local id 0
        b.r().gr[3] = 0x40;
      },
      [](Bench& b) {
        CHECK(b.r().gr[8] == 0);
        CHECK(b.r().iip == code);
        CHECK((b.r().ipsr & psr::ri) == u64{1} << psr::ri_shift);
      });
}

TEST_CASE("ISR.ed is that of a refused instruction's page; an interrupt behind code that went has none") {
  constexpr u64 deferring_page = 0x661 | u64{1} << 52, itir = 20 << 2;
  Bench b;
  b.put(code, Bundle::make(mii, store(2, 3), nop, nop));
  b.put(code + 16, Bundle::make(mib, nop, nop, branch_to_itself));
  Processor& p = b.core.processor();
  p.mmu.insert_register(true, 0, deferring_page, itir, 0);
  b.core.reset(code);
  p.set_psr(p.r.psr | psr::it | psr::ic | psr::i);
  p.r.iva = 0x20000;
  b.r().gr[2] = code + 24;
  std::memcpy(&b.r().gr[3], &b.ram.bytes[code + 24], 8);
  b.core.run(1);
  b.sapics.send({0, 0, SapicMessage::Delivery::interrupt, 0x40});
  b.core.run(2);
  REQUIRE(b.r().ip == p.r.iva + static_cast<u64>(Vector::external_interrupt));
  CHECK(b.r().isr == u64{1} << isr::ei_shift);
}

TEST_CASE("a slice that ends in a walk of the VHPT for its code has begun nothing") {
  // Code in region 1 by a short-format VHPT of 32 KiB, whose page a DTR maps.
  constexpr u64 va = u64{1} << 61 | code, table = u64{1} << 61 | 0x8000000, table_pa = 0x40000,
                page_shift = 14;
  constexpr u64 rights = 0x661;  // present, accessed, dirty; level 0 reads, writes, executes
  for (u64 slice = 1; slice < 60; ++slice) {
    INFO("slices of " << slice);
    Bench b;
    auto& mmu = b.core.processor().mmu;
    b.core.reset(va);
    for (u64 at = code; at < code + 64; at += 16) b.put(at, Bundle::make(mii, nop, nop, nop));
    b.put(code + 64, Bundle::make(mib, nop, nop, branch_to_itself));
    mmu.set_region(1, u64{7} << 8 | page_shift << 2 | 1);
    mmu.set_table(table | 15 << 2 | 1);
    REQUIRE(mmu.insert_register(false, 0, table_pa | rights, 16 << 2, table));
    const u64 entry = code | rights;
    std::memcpy(&b.ram.bytes[table_pa + (mmu.hash(va) - table)], &entry, sizeof entry);
    b.core.processor().set_psr(psr::bn | psr::ic | psr::it | psr::dt | psr::rt);
    for (unsigned n = 0; n < 40; ++n) {
      b.core.run(b.core.cycles() + slice);
      mmu.purge_all_cached();
      REQUIRE(b.core.instructions() <= b.core.cycles());
    }
    b.core.code_written(code >> frame_shift);  // every block that is known of the frame is there once
    REQUIRE(b.r().gr[8] == 0);
  }
}
