// `exact` fidelity: each data access reaches the MMU once, with its virtual address.
//
// Counts are compared between two programs that differ in the instructions under test alone.
#include <catch2/catch.hpp>

#include "tests/unit/cpu_x86/machine.h"

using namespace xs;
using test::Machine;

namespace {

x86::CpuConfig exact() {
  x86::CpuConfig c;
  c.fidelity = Fidelity::exact;
  return c;
}

/// One data entry and no second level: two pages in turn miss each time.
x86::CpuConfig one_entry() {
  x86::CpuConfig c = exact();
  c.tlb.l1d_4k = {1, 1};
  c.tlb.l2_4k2m = {0, 1};
  return c;
}

mmu::MmuCounters count(test::Code code, const x86::CpuConfig& config = exact()) {
  Machine m(config);
  m.run(code);
  REQUIRE(m.core().state() == x86::CoreState::halted);
  CHECK(m.core().counters().mmu.faults == m.traps.size());
  return m.core().counters().mmu;
}

/// Accesses of `code` beyond those of `without`.
u64 extra(test::Code code, test::Code without) { return count(code).accesses - count(without).accesses; }

}  // namespace

XS_CODE(setup_only,
        "mov $0x600ffc,%esi\n mov $0x700000,%edi\n mov $0x100,%ecx\n mov $0x300000,%r8d\n"
        "cli\n hlt\n")
#define XS_ACCESS(name, text)                                                                           \
  XS_CODE(name, "mov $0x600ffc,%esi\n mov $0x700000,%edi\n mov $0x100,%ecx\n mov $0x300000,%r8d\n" text \
                "cli\n hlt\n")
XS_ACCESS(load_one, "mov (%rsi),%eax\n")
XS_ACCESS(store_one, "mov %eax,(%rsi)\n")
XS_ACCESS(load_crossing, "mov (%rsi),%rax\n")
XS_ACCESS(store_crossing, "mov %rax,(%rsi)\n")
XS_ACCESS(add_crossing, "add %rax,(%rsi)\n")
XS_ACCESS(push_pop, "push %rax\n push %rbx\n pop %rbx\n pop %rax\n")
XS_ACCESS(locked, "lock incl (%rdi)\n")
XS_ACCESS(exchange, "xchg %eax,(%rdi)\n")
XS_ACCESS(jump_over, "jmp 1f\n 1:\n")
XS_ACCESS(call_return, "call 1f\n jmp 2f\n 1: ret\n 2:\n")
XS_ACCESS(jump_thrice, "jmp 1f\n 1: jmp 2f\n 2: jmp 3f\n 3:\n")
XS_ACCESS(copy, "mov $0x600000,%esi\n rep movsb\n")

TEST_CASE("exact: each access is counted once") {
  CHECK(extra(load_one(), setup_only()) == 1);
  CHECK(extra(store_one(), setup_only()) == 1);
  CHECK(extra(push_pop(), setup_only()) == 4);
  CHECK(extra(locked(), setup_only()) == 2);
  CHECK(extra(exchange(), setup_only()) == 2);
  CHECK(extra(jump_over(), setup_only()) == 1);
  CHECK(extra(call_return(), jump_thrice()) == 2);
}

TEST_CASE("exact: an access that crosses pages is one to each page") {
  CHECK(extra(load_crossing(), setup_only()) == 2);
  CHECK(extra(store_crossing(), setup_only()) == 2);
  CHECK(extra(add_crossing(), setup_only()) == 4);
}

TEST_CASE("exact: REP reads, writes and fetches for each iteration") {
  // 256 bytes; each iteration is a block, and so is the last, empty one.
  CHECK(extra(copy(), setup_only()) >= 3 * 256);
  CHECK(extra(copy(), setup_only()) <= 3 * 256 + 3);
}

XS_CODE(alias_in_turn,
        "mov $0x600000,%esi\n mov $0x40600000,%edi\n mov $100,%ecx\n"
        "1: incl (%rsi)\n incl 4(%rdi)\n dec %ecx\n jnz 1b\n"
        "mov (%rsi),%ebx\n mov 4(%rsi),%edx\n cli\n hlt\n")
XS_CODE(alias_twice_each,
        "mov $0x600000,%esi\n mov $0x40600000,%edi\n mov $100,%ecx\n"
        "1: mov (%rsi),%eax\n mov 8(%rsi),%eax\n mov (%rdi),%eax\n mov 8(%rdi),%eax\n dec %ecx\n jnz 1b\n"
        "cli\n hlt\n")
XS_CODE(alias_none,
        "mov $0x600000,%esi\n mov $0x40600000,%edi\n mov $100,%ecx\n"
        "1: nop\n nop\n nop\n nop\n dec %ecx\n jnz 1b\n cli\n hlt\n")

TEST_CASE("exact: two pages over one frame are told apart") {
  SECTION("each is missed once") {
    Machine m(exact());
    m.run(alias_in_turn());
    CHECK(m.reg("rbx") == 100);
    CHECK(m.reg("rdx") == 100);
    CHECK(m.core().counters().mmu.faults == 0);
    for (u64 va : {0x600000, 0x40600000})
      CHECK(std::count(m.fills.begin(), m.fills.end(), std::pair<u64, u64>{va, 0x600000}) >= 1);
  }
  SECTION("in a TLB of one entry each change of page misses, each repetition hits") {
    const mmu::MmuCounters with = count(alias_twice_each(), one_entry());
    const mmu::MmuCounters without = count(alias_none(), one_entry());
    CHECK(with.accesses - without.accesses == 400);
    CHECK(with.misses - without.misses == 200);
    CHECK(with.l1_hits - without.l1_hits == 200);
  }
}

XS_CODE(
    alias_crossing,  // one frame behind two neighbouring pages: the second half lands in front of the first
    "mov $0x600ffc,%esi\n mov $0x1122334455667788,%rax\n mov %rax,(%rsi)\n mov (%rsi),%rbx\n"
    "mov 0x600000,%ecx\n cli\n hlt\n")

TEST_CASE("exact: an access crossing into another page of the same frame completes") {
  Machine m(exact());
  m.ram.word(Machine::page_table + 8 * 0x601) = m.ram.word(Machine::page_table + 8 * 0x600);
  m.run(alias_crossing());
  CHECK(m.reg("rbx") == 0x1122334455667788);
  CHECK(m.reg("rcx") == 0x11223344);
  CHECK(m.traps.empty());
}

XS_CODE(fault_crossing, "mov $0x3feffc,%esi\n mov (%rsi),%rax\n")
XS_CODE(fault_crossing_store, "mov $0x3feffc,%esi\n mov %rax,(%rsi)\n")

TEST_CASE("exact: a fault is counted once") {
  Machine m(exact());
  m.ram.word(Machine::page_table + 8 * 0x3ff) = 0;
  SECTION("load") { m.run(fault_crossing()); }
  SECTION("store") { m.run(fault_crossing_store()); }
  REQUIRE(m.traps.size() == 1);
  CHECK(m.traps[0].address == 0x3ff000);
  CHECK(m.core().counters().mmu.faults == 1);
}

XS_CODE(many_pages,  // more pages than the TLB holds, twice, with stack accesses in between
        "mov $2,%edx\n 2: mov $0x600000,%esi\n mov $3000,%ecx\n"
        "1: push %rcx\n mov (%rsi),%eax\n add $0x1000,%rsi\n pop %rcx\n dec %ecx\n jnz 1b\n"
        "dec %edx\n jnz 2b\n cli\n hlt\n")

TEST_CASE("exact: a working set larger than the TLB misses by the modelled geometry") {
  const mmu::MmuCounters c = count(many_pages());
  CHECK(c.misses >= 6000);
  CHECK(c.misses < 6100);
  CHECK(count(many_pages(), x86::CpuConfig{}).misses < 3100);
}

XS_ACCESS(twice_each, "mov (%rdi),%eax\n jmp 1f\n 1: mov (%rsi),%eax\n mov (%rdi),%eax\n mov (%rsi),%eax\n")
XS_ACCESS(guarded,
          "mov %eax,(%rdi)\n invlpg (%rdi)\n 1: mov (%rdi),%eax\n mov %eax,(%rdi)\n mov %eax,(%rdi)\n")

TEST_CASE("an observer is told of each fill once, with the block that accesses, in both fidelities") {
  for (const Fidelity fidelity : {Fidelity::fast, Fidelity::exact}) {
    x86::CpuConfig config;
    config.fidelity = fidelity;
    Machine m(config);
    m.run(twice_each());
    std::vector<std::pair<u64, u64>> seen;
    std::vector<u64> pcs;
    for (size_t i = 0; i < m.fills.size(); ++i)
      if (const u64 page = m.fills[i].first >> frame_shift; page == 0x600 || page == 0x700) {
        seen.push_back({page, m.fills[i].second >> frame_shift});
        pcs.push_back(m.fill_pcs[i]);
      }
    CHECK(seen == std::vector<std::pair<u64, u64>>{{0x700, 0x700}, {0x600, 0x600}});
    REQUIRE(pcs.size() == 2);
    CHECK(pcs[0] < pcs[1]);
    for (const u64 pc : pcs) CHECK(pc - Machine::program < frame_size);
  }
}

TEST_CASE("stores to a guarded frame are announced, whatever was read before") {
  for (const Fidelity fidelity : {Fidelity::fast, Fidelity::exact}) {
    x86::CpuConfig config;
    config.fidelity = fidelity;
    Machine m(config);
    m.guarded_frame = 0x700;
    m.run(guarded());
    REQUIRE(m.guarded_stores.size() == 2);  // the page is dirty when it is read: a read would grant stores
    for (const auto& [va, pc] : m.guarded_stores) {
      CHECK(va == 0x700000);
      CHECK(pc - Machine::program < frame_size);
    }
    Machine free(config);
    free.run(guarded());
    CHECK(free.guarded_stores.empty());
  }
}
