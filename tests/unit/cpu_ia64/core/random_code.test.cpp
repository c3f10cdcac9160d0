// Random code in random states: nothing a program does may hurt the host, and how a run is divided into
// slices must not be visible in what it does.
#include <cstdlib>

#include "tests/unit/cpu_ia64/core/bench.h"

using namespace xs;
using namespace xs::ia64;
using namespace xs::ia64::test;

namespace {

constexpr u64 code = 0x10000, code_bundles = 512, vectors = 0x20000, data = 0x40000, store = 0x60000,
              vhpt = 0x80000;
/// From this seed on programs run in unusual modes, too, and their branches stay near.
constexpr u64 first_unusual = 1'000'000;
constexpr u64 length = 3000;  // cycles

/// A handler for every vector: on to the slot behind the one that was refused, and back.
///   mov r16=cr.ipsr; mov r17=cr.iip;; extr.u r18=r16,41,2;; cmp.eq p6,p7=2,r18;; (p6) add r17=16,r17
///   (p6) mov r18=0  (p7) add r18=1,r18;; dep r16=r18,r16,41,2; mov cr.iip=r17;; mov cr.ipsr=r16;; rfi
constexpr u64 handler[][2] = {
    {0x0110042420008009, 0x000400000008484c}, {0x9120000100000003, 0xe41c9020c0290242},
    {0x0121a100224088c1, 0x8400901243c80000}, {0x9100000100000000, 0x000400000022c240},
    {0x8000042c2644000b, 0x0004000000085840}, {0x0000000100000011, 0x0020000000000200},
};

/// A branch by no more than 31 bundles, most of them ahead: one that goes far ends the program.
u64 near(u64 bits) {
  constexpr u64 distance = u64{0xfffff} << 13, kept = u64{0x1f} << 13, sign = u64{1} << 36;
  return (bits & kept) == 0 ? bits | distance | sign : bits & ~((distance & ~kept) | sign);
}

Bundle random_bundle(std::mt19937_64& random, bool stay) {
  static const std::vector<const Row*> rows = [] {
    std::vector<const Row*> all;
    for (unsigned table = 0; table < table_count; ++table)
      for (const Row& row : rows_of_table(table)) all.push_back(&row);
    return all;
  }();
  const unsigned number = random() % 32;
  if (random() % 16 == 0) return {random(), random()};
  u64 slots[3];
  for (unsigned n = 0; n < 3; ++n) {
    const Unit unit = templates[number].unit[n];
    const Row* row = rows[random() % rows.size()];
    for (unsigned tries = 0; tries < 64 && unit < Unit::reserved && !row->in(unit); ++tries)
      row = rows[random() % rows.size()];
    u64 bits = random() & slot_mask;
    if (random() % 4 != 0) bits &= ~u64{0x3f};                            // predicate 0
    if (random() % 4 != 0) bits &= ~(u64{0x60} << 13 | u64{0x60} << 20);  // sources among r0..r31
    slots[n] = (bits & ~row->bits.mask) | row->bits.value;
    if (stay && row->in(Unit::b) && row->imm[0] == &imm::branch) slots[n] = near(slots[n]);
  }
  return Bundle::make(number, slots[0], slots[1], slots[2]);
}

void fill(Bench& b, u64 seed) {
  std::mt19937_64 random{seed};
  for (u64 n = 0; n < code_bundles; ++n) b.put(code + n * 16, random_bundle(random, seed >= first_unusual));
  for (u64 vector = 0; vector < 0x6200; vector += 0x100)
    for (u64 n = 0; n < std::size(handler); ++n)
      b.put(vectors + vector + n * 16, {handler[n][0], handler[n][1]});
  for (u64 at = data; at < store; at += 8) {
    const u64 value = random() % 2 ? data + random() % 0x1000 : random();
    std::memcpy(&b.ram.bytes[at], &value, 8);
  }
  Registers& r = b.r();
  for (unsigned n = 1; n < 128; ++n) r.gr[n] = random() % 4 != 0 ? data + random() % 0x10000 : random();
  for (unsigned n = 2; n < 128; ++n) r.fr[n] = fp::from_double(random());
  for (auto& br : r.br) br = code + random() % (code_bundles * 16);
  r.pr = random() | 1;
  r.iva = vectors;
  r.lc = random() % 100, r.ec = random() % 8;
  b.core.processor().stack.set_bspstore(store);
  b.core.reset(code);
  b.core.processor().set_psr(psr::bn | psr::ic | (random() % 2 ? psr::ac : 0));
}

/// Interruptions that cost little: most of the time is the program's.
CoreConfig config(u64 seed) {
  CoreConfig c;
  c.processor.timing.trap = 2;
  c.processor.timing.iret = 1;
  if (seed >= first_unusual && seed % 3 == 0)
    c.processor.instruction_tlb = c.processor.data_tlb = {.registers = 4, .cache = 6};
  return c;
}

/// Odd seeds run translated, with one 1 MiB page at address 0 of region 0, and small ones of the same frames
/// in region 1.
void translate(Bench& b, u64 seed) {
  if (seed % 2 == 0) return;
  constexpr u64 page = 0x661, itir = 20 << 2;  // present, accessed, dirty, all rights at level 0
  Processor& p = b.core.processor();
  p.mmu.insert_register(false, 0, page, itir, 0);
  p.mmu.insert_register(true, 0, page, itir, 0);
  for (u64 at = data; at < store; at += frame_size)
    p.mmu.insert_cached(false, page | at, 12 << 2, u64{1} << 61 | at);
  p.set_psr(p.r.psr | psr::dt | psr::it | psr::rt);
}

/// A VHPT of good and bad entries for all regions.
void walk(Processor& p, Ram& ram, std::mt19937_64& random) {
  constexpr unsigned table_shift = 15, page_shift = 12;
  for (u64 at = vhpt; at < vhpt + (u64{1} << table_shift); at += 8) {
    const u64 good = 0x661 | (data + random() % 32 * frame_size), value = random() % 2 ? good : random();
    std::memcpy(&ram.bytes[at], &value, 8);
  }
  for (unsigned n = 0; n < 8; ++n)
    p.mmu.set_region(n, (0x100 + random() % 3) << 8 | page_shift << 2 | random() % 2);
  p.mmu.set_table(vhpt | table_shift << 2 | 1);
}

/// Breakpoints here and there, for some privilege levels.
void break_somewhere(Processor& p, std::mt19937_64& random) {
  for (unsigned n = 0; n < 8; n += 2) {
    p.r.ibr[n] = code + random() % (code_bundles * 16);
    p.r.dbr[n] = data + random() % 0x10000;
    p.r.ibr[n + 1] = random() | 0x00ff'ffff'ffff'f000;
    p.r.dbr[n + 1] = random() | 0x00ff'ffff'ffff'f000;
  }
}

/// Bits of PSR that other programs hardly ever see, interrupts of the timer, keys, the walker.
void unsettle(Bench& b, u64 seed) {
  if (seed < first_unusual) return;
  std::mt19937_64 random{~seed};
  Processor& p = b.core.processor();
  if (random() % 2 != 0) walk(p, b.ram, random);
  if (random() % 2 != 0) break_somewhere(p, random);
  if (random() % 4 != 0) p.mmu.set_key(0, 1 | random() % 16 << 8 * (random() % 2));
  p.r.dcr = random() & 0x7f07;
  p.write_control(cr::itv, 0x40);
  p.write_control(cr::itm, random() % length);
  constexpr u64 bits = psr::be | psr::i | psr::pk | psr::dfl | psr::dfh | psr::db | psr::lp | psr::tb |
                       psr::id | psr::da | psr::dd | psr::ss | psr::ed | psr::ia;
  p.set_psr(p.r.psr | (bits & random() & (random() % 2 ? ~u64{0} : random())));
}

u64 fingerprint(Bench& b) {
  u64 h = 0xcbf29ce484222325;
  const auto mix = [&](const void* at, std::size_t size) {
    for (const u8* p = static_cast<const u8*>(at); size-- != 0; ++p) h = (h ^ *p) * 0x100000001b3;
  };
  const Registers& r = b.r();
  mix(r.gr.data(), sizeof r.gr);
  mix(r.nat.data(), sizeof r.nat);
  for (const fp::Register& f : r.fr) mix(&f.significand, 8), mix(&f.sign_exponent, 4);
  for (const u64 x : {r.pr,
                      r.ip,
                      r.psr,
                      r.lc,
                      r.ec,
                      r.pfs,
                      r.unat,
                      r.ccv,
                      r.fpsr,
                      r.rsc,
                      r.isr,
                      r.iip,
                      r.ipsr,
                      r.iipa,
                      r.ifa,
                      r.ifs,
                      r.itir,
                      r.iim,
                      b.core.cycles(),
                      b.core.instructions(),
                      b.core.processor().stack.frame().raw,
                      b.core.processor().stack.bsp(),
                      b.core.processor().stack.bspstore(),
                      b.bus.log})
    mix(&x, 8);
  mix(r.br.data(), sizeof r.br);
  mix(b.ram.bytes.data(), b.ram.bytes.size());
  return h;
}

void run_in_slices(Bench& b, u64 seed, u64 slice) {
  fill(b, seed);
  translate(b, seed);
  unsettle(b, seed);
  while (!b.core.stopped() && b.core.cycles() < length) b.core.run(std::min(length, b.core.cycles() + slice));
}

u64 number_in_environment(const char* name, u64 otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 0) : otherwise;
}

void check_constants(Bench& b) {
  CHECK(b.r().gr[0] == 0);
  CHECK(b.r().nat[0] == 0);
  CHECK(b.r().fr[0] == fp::zero());
  CHECK(b.r().fr[1] == fp::one());
  CHECK((b.r().pr & 1) == 1);
}

void same_in_all_slices(u64 seed) {
  INFO("seed " << seed);
  Bench whole{config(seed)}, single{config(seed)}, odd{config(seed)};
  run_in_slices(whole, seed, length);
  run_in_slices(single, seed, 1);
  run_in_slices(odd, seed, 37);
  check_constants(whole);
  CHECK(single.core.stop_reason() == whole.core.stop_reason());
  REQUIRE(fingerprint(single) == fingerprint(whole));
  REQUIRE(fingerprint(odd) == fingerprint(whole));
}

/// Counts its stops, and lets the program go on.
struct Onlooker final : CpuDebugger {
  void on_stop(unsigned, const DebugStop&) override { ++stops; }
  bool wants_stop(unsigned) override { return false; }
  u64 stops = 0;
};

/// Returns how often the program was stopped.
u64 same_when_watched(u64 seed) {
  INFO("seed " << seed);
  const u64 offset = seed % 20 * 64;
  Bench alone{config(seed)}, stopped{config(seed)}, watched{config(seed)};
  Onlooker debugger;
  for (Bench* b : {&stopped, &watched}) b->core.set_debugger(&debugger);
  stopped.core.set_debug_points(
      {{DebugAccess::execute, code + offset, 1}, {DebugAccess::execute, vectors + 0x5400, 1}});
  watched.core.set_debug_points({{DebugAccess::access, data + offset, 64}});
  for (Bench* b : {&alone, &stopped, &watched}) run_in_slices(*b, seed, length);
  REQUIRE(fingerprint(stopped) == fingerprint(alone));
  REQUIRE(fingerprint(watched) == fingerprint(alone));
  return debugger.stops;
}

}  // namespace

TEST_CASE("random code does the same in slices of any length") {
  // tests/fuzz/ia64 asks for other seeds, without end.
  const u64 first = number_in_environment("XS_FUZZ_SEED", 1),
            seeds = number_in_environment("XS_FUZZ_SEEDS", 150);
  for (u64 seed = first; seed - first < seeds; ++seed) same_in_all_slices(seed);
}

TEST_CASE("random code in unusual modes does the same in slices of any length") {
  for (u64 seed = first_unusual; seed < first_unusual + 150; ++seed) same_in_all_slices(seed);
}

TEST_CASE(
    "random code that changes itself, or the translation it runs by, does the same in slices of any length") {
  for (const u64 seed : {1939,         // a store to the running block
                         2061, 3547,   // ptr.i of the running block's page
                         3497, 5367})  // mov to the rr of the running block's region
    same_in_all_slices(seed);
}

TEST_CASE("breakpoints and watchpoints of a debugger do not change what random code does") {
  u64 stops = 0;
  for (const u64 first : {u64{1}, first_unusual})
    for (u64 seed = first; seed < first + 50; ++seed) stops += same_when_watched(seed);
  CHECK(stops > 100);
}
