// Truth table: every combination of U/S, R/W and XD at the leaf and above it, of the control bits, of the
// privilege and of the kind of access, for each page size, in both fidelities, against the naive walk.
#include <catch2/catch.hpp>

#include "tests/support/x86_tables.h"

using namespace xs;
using namespace xs::mmu;
using namespace xs::test;

namespace {

struct Setup {
  u64 leaf_flags, upper_flags;
  unsigned shift;
};

constexpr u64 va = 0x0000'7000'4000'0000 + 0x123;
constexpr u64 table_root = 0x1000;

u64 flags_of(unsigned bits) {
  return pte_p | (bits & 1 ? pte_w : 0) | (bits & 2 ? pte_u : 0) | (bits & 4 ? pte_nx : 0);
}

X86Control control_of(unsigned bits) {
  X86Control c = long_mode(table_root);
  if (bits & 1) c.cr0 &= ~(u64{1} << 16);
  if (bits & 2) c.cr4 |= u64{1} << 20;
  if (bits & 4) c.cr4 |= u64{1} << 21;
  if (bits & 8) c.efer &= ~(u64{1} << 11);
  c.ac = (bits & 16) != 0;
  return c;
}

void build(FlatMemory& memory, const Setup& s) {
  std::fill(memory.bytes().begin(), memory.bytes().end(), u8{0});
  X86Tables tables(memory, table_root);
  tables.map(va & ~u64{0xfff}, u64{3} << 30, s.leaf_flags, s.shift, s.upper_flags);
}

/// One case; returns a description of the first difference, or nothing.
std::string compare(const Setup& setup, const X86Control& control, const Access& access, Fidelity fidelity) {
  static FlatMemory a(0x6000), b(0x6000);
  build(a, setup);
  build(b, setup);
  Mmu mmu(a, TimingModel{}, fidelity, TlbGeometry{});
  mmu.set_control(control);
  for (int round = 0; round < 2; ++round) {  // the second finds the TLB filled
    const Translation got = mmu.translate(access);
    const NaiveResult want = naive_walk(b, control, access);
    if (got.ok != want.ok) return "ok";
    if (!got.ok && got.error_code != want.error_code) return "error code";
    if (!got.ok && got.failure != Failure::page_fault) return "failure";
    if (got.ok && got.pa != want.pa) return "address";
    if (got.ok && got.page_shift != want.shift) return "page size";
    if (got.ok && got.write != want.writable_now) return "write right";
    if (a.bytes() != b.bytes()) return "A or D bits";
    for (AccessKind kind : {AccessKind::read, AccessKind::fetch}) {
      Access other = access;
      other.kind = kind;
      FlatMemory copy(0x6000);
      copy.bytes() = b.bytes();
      if (got.ok &&
          naive_walk(copy, control, other).ok != (kind == AccessKind::read ? got.read : got.execute))
        return "other rights";
    }
  }
  return {};
}

}  // namespace

TEST_CASE("rights truth table", "[slow]") {
  const Fidelity fidelity = GENERATE(Fidelity::fast, Fidelity::exact);
  const unsigned shift = GENERATE(12u, 21u, 30u);
  unsigned cases = 0, faults = 0;
  for (unsigned table_bits = 0; table_bits < 64; ++table_bits) {
    for (unsigned dirty = 0; dirty < 2; ++dirty) {
      for (unsigned control_bits = 0; control_bits < 32; ++control_bits) {
        for (unsigned who = 0; who < 9; ++who) {
          const Setup setup{flags_of(table_bits & 7) | (dirty ? pte_d | pte_a : 0), flags_of(table_bits >> 3),
                            shift};
          const Access access{va, static_cast<AccessKind>(who % 3), who / 3 == 0, who / 3 == 2};
          const std::string difference = compare(setup, control_of(control_bits), access, fidelity);
          ++cases;
          if (difference.empty()) continue;
          ++faults;
          INFO("table " << table_bits << " dirty " << dirty << " control " << control_bits << " who " << who);
          REQUIRE(difference == "");
        }
      }
    }
  }
  REQUIRE(cases == 64 * 2 * 32 * 9);
  REQUIRE(faults == 0);
}

TEST_CASE("reserved bits fault with RSVD, at the level where they are") {
  FlatMemory memory(0x6000);
  struct Case {
    unsigned shift, level;
    u64 bit;
  };
  const Case c = GENERATE(Case{12, 4, pte_ps}, Case{21, 2, u64{1} << 13}, Case{21, 2, u64{1} << 20},
                          Case{30, 3, u64{1} << 13}, Case{30, 3, u64{1} << 29});
  build(memory, {flags_of(3), flags_of(3), c.shift});
  X86Tables tables(memory, table_root);
  tables.set_entry(va, c.level, tables.entry(va, c.level) | c.bit);
  Mmu mmu(memory, TimingModel{}, Fidelity::fast, TlbGeometry{});
  mmu.set_control(long_mode(table_root));
  const Translation t = mmu.translate({va, AccessKind::write, true, false});
  REQUIRE_FALSE(t.ok);
  REQUIRE(t.error_code == 0xf);
  REQUIRE((tables.entry(va, c.level) & pte_a) == 0);  // the faulting entry was not used
}

TEST_CASE("bit 12 of a large leaf is PAT, not reserved; address bits reach 51") {
  FlatMemory memory(0x6000);
  X86Tables tables(memory, table_root);
  const u64 far = u64{1} << 51 | u64{1} << 44;
  tables.map(0x200000, far | 1 << 12, pte_p | pte_w, 21);
  Mmu mmu(memory, TimingModel{}, Fidelity::exact, TlbGeometry{});
  mmu.set_control(long_mode(table_root));
  REQUIRE(mmu.translate({0x2abcde, AccessKind::read, false, false}).pa == (far | 0xabcde));
}
