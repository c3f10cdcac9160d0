// The instructions by which kernels write page-table entries, executed by the hypervisor on their behalf.
#include <catch2/catch.hpp>

#include <random>
#include <vector>

#include "hypervisor/arch/x86_64/mm_pt_write.h"

using namespace hv;

namespace {
constexpr u64 kZero = 0x40, kCarry = 1;

struct Run {
  cpu_user_regs regs = {};
  PtWrite result;
  bool ok = false;

  Run(std::vector<u8> bytes, u64 old, void (*prepare)(cpu_user_regs&)) {
    regs.rip = 0x1000;
    prepare(regs);
    ok = pt_write_execute(bytes.data(), static_cast<unsigned>(bytes.size()), old, regs, result);
  }
};
void nothing(cpu_user_regs&) {}
}  // namespace

TEST_CASE("moves of a register and of an immediate, with every form of address") {
  Run mov({0x48, 0x89, 0x2b, 0x90}, 1, [](cpu_user_regs& r) { r.rbp = 77; });  // mov %rbp,(%rbx)
  REQUIRE(mov.ok);
  CHECK(mov.result.writes);
  CHECK(mov.result.value == 77);
  CHECK(mov.regs.rip == 0x1003);
  Run indexed({0x4c, 0x89, 0x04, 0xc5, 0x10, 0, 0, 0}, 1,
              [](cpu_user_regs& r) { r.r8 = 5; });  // 0x10(,%rax,8)
  REQUIRE(indexed.ok);
  CHECK(indexed.result.value == 5);
  CHECK(indexed.regs.rip == 0x1008);
  Run immediate({0x48, 0xc7, 0x44, 0x24, 0x08, 0, 0, 0, 0x80}, 1, nothing);  // movq $-2^31,8(%rsp)
  REQUIRE(immediate.ok);
  CHECK(immediate.result.value == 0xffffffff80000000);
  CHECK(immediate.regs.rip == 0x1009);
}

TEST_CASE("exchanges") {
  Run xchg({0x48, 0x87, 0x03}, 9, [](cpu_user_regs& r) { r.rax = 4; });
  REQUIRE(xchg.ok);
  CHECK(xchg.result.value == 4);
  CHECK(xchg.regs.rax == 9);
  const auto prepare = [](cpu_user_regs& r) { r.rax = 9, r.rdx = 4; };
  Run match({0xf0, 0x48, 0x0f, 0xb1, 0x13}, 9, prepare);  // lock cmpxchg %rdx,(%rbx)
  REQUIRE(match.ok);
  CHECK(match.result.writes);
  CHECK(match.result.value == 4);
  CHECK((match.regs.rflags & kZero) != 0);
  Run mismatch({0xf0, 0x48, 0x0f, 0xb1, 0x13}, 8, prepare);
  REQUIRE(mismatch.ok);
  CHECK_FALSE(mismatch.result.writes);
  CHECK(mismatch.regs.rax == 8);
  CHECK((mismatch.regs.rflags & kZero) == 0);
}

TEST_CASE("bits and masks") {
  Run btr({0xf0, 0x48, 0x0f, 0xba, 0x33, 0x05}, 0x25, nothing);  // lock btrq $5,(%rbx)
  REQUIRE(btr.ok);
  CHECK(btr.result.value == 5);
  CHECK((btr.regs.rflags & kCarry) != 0);
  Run bts({0x48, 0x0f, 0xba, 0x2b, 0x3f}, 1, nothing);
  REQUIRE(bts.ok);
  CHECK(bts.result.value == 0x8000000000000001);
  CHECK((bts.regs.rflags & kCarry) == 0);
  Run mask({0xf0, 0x48, 0x83, 0x23, 0xfd}, 3, nothing);  // lock andq $-3,(%rbx)
  REQUIRE(mask.ok);
  CHECK(mask.result.value == 1);
  CHECK((mask.regs.rflags & kZero) == 0);
  Run merge({0x48, 0x09, 0x03}, 2, [](cpu_user_regs& r) { r.rax = 5; });
  REQUIRE(merge.ok);
  CHECK(merge.result.value == 7);
}

TEST_CASE("anything else is left to the guest, and nothing is touched") {
  const std::vector<std::vector<u8>> others = {{0x89, 0x03},                    // 32 bits
                                               {0x66, 0x89, 0x03},              // 16 bits
                                               {0x48, 0x89, 0xc3},              // no memory operand
                                               {0x48, 0x0f, 0xc7, 0x0b},        // cmpxchg16b
                                               {0x48, 0x0f, 0xba, 0x3b, 0x05},  // btc
                                               {0x48, 0x83, 0x33, 0x01},        // xor
                                               {0x48, 0xc7, 0x03, 0, 0},        // cut off
                                               {0x48, 0x89, 0x84, 0x24, 0},     // cut off in the address
                                               {0xf0},
                                               {}};
  for (const auto& bytes : others) {
    Run run(bytes, 3, nothing);
    CHECK_FALSE(run.ok);
    CHECK(run.regs.rip == 0x1000);
  }
}

TEST_CASE("no byte sequence reads past its end or moves RIP beyond it") {
  std::mt19937 random(5);
  for (int round = 0; round < 200000; round++) {
    std::vector<u8> bytes(random() % 16);
    for (u8& b : bytes) b = static_cast<u8>(random());
    if (bytes.size() > 2 && round % 2)
      bytes[0] = 0x48, bytes[1] = static_cast<u8>(round % 4 == 1 ? 0x89 : 0xc7);
    Run run(bytes, 3, nothing);
    REQUIRE(run.regs.rip <= 0x1000 + bytes.size());
  }
}
