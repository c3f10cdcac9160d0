// The VHPT walker in both formats with its tags and a collision chain, what a miss tells and what a hit must
// leave alone, tpa and tak with PSR.dt on and off, and the ptc.e loop. Sources: Intel SDM vol. 2 4.1.5
// to 4.1.8 (VHPT, table 4-10, figure 4-16), chapter 8, vol. 3 tpa, tak, thash, ttag, ptc.e; 11.10.3
// PAL_PTCE_INFO.
#include "guests/ia64/corner/corner.h"

using namespace corner;
using bare::TrapFrame;

namespace {

constexpr u64 data(unsigned n) { return in_region(3, n * page); }
constexpr u64 code(unsigned n) { return in_region(2, n * page); }

u64 thash(u64 va) {
  u64 value = 0;
  asm volatile("thash %0 = %1;;" : "=r"(value) : "r"(va));
  return value;
}
u64 ttag(u64 va) {
  u64 value = 0;
  asm volatile("ttag %0 = %1;;" : "=r"(value) : "r"(va));
  return value;
}
u64 tpa(u64 va) {
  u64 value = ~u64{0};
  asm volatile("tpa %0 = %1;;" : "+r"(value) : "r"(va));
  return value;
}
u64 tak(u64 va) {
  u64 value = ~u64{0};
  asm volatile("tak %0 = %1;;" : "+r"(value) : "r"(va));
  return value;
}

// The walker

constexpr u64 walked(unsigned region, unsigned n) { return in_region(region, 0x100 * page + n * page); }
constexpr u64 short_table = (u64{1} << 61) - (u64{1} << 50);

bool miss(u64 vector, u64 va, u64 bits = isr::r) {
  const Event e = last();
  const unsigned region = static_cast<unsigned>(va >> 61);
  const bool good = came(vector, bits);
  const u64 by_region = region_register(region) & ~u64{3};
  return good && e.ifa == va && e.itir == by_region && (vector == page_not_present || e.iha == thash(va));
}

void short_format() {
  BARE_WRITE("cr.pta", short_table | 50 << 2 | 1);
  set_region(6, region_register(6, true));
  const u64 va = walked(6, 0), entry = thash(va), table = frame(16) + (entry & (page - 1));
  same(entry, in_region(6, short_table | (walked(0, 0) >> page_shift << 3)),
       "thash: one linear table in each region");
  load(va);
  check(miss(vhpt_translation, va), "no translation for the table: VHPT translation; IFA, ITIR and IHA");
  insert_data(entry & ~(page - 1), {.pa = frame(16)});
  store(table, 0);
  load(va);
  check(miss(page_not_present, va), "an entry that is not present: page not present");
  purge(va);
  store(table, Pte{.pa = frame(17)}.word() | 2);
  load(va);
  check(miss(data_tlb, va), "an entry with a reserved bit: data TLB miss");
  store(table, Pte{.pa = frame(17)}.word());
  store(frame(17) + 8, 0x1234);
  same(load(va + 8), 0x1234, "a good entry: the walker inserts it");
  store(frame(18) + 8, 0x5678);
  store(table, Pte{.pa = frame(18)}.word());
  purge(va);
  same(load(va + 8), 0x5678, "after a purge it is read again");
  check(quiet(), "without interruptions");
}

void hits_are_silent() {
  constexpr u64 magic = 0x123456789abcd000;
  const u64 va = walked(6, 0);
  u64 ifa = 0, itir_now = 0, iha = 0;
  purge(va);
  asm volatile(
      "rsm psr.ic;; srlz.d;; mov cr.ifa = %3; mov cr.itir = %4; mov cr.iha = %3;; srlz.d;;\n"
      "ld8 r14 = [%5];; ld8 r14 = [%6];; ld8 r14 = [%6];;\n"
      "mov %0 = cr.ifa; mov %1 = cr.itir; mov %2 = cr.iha;; ssm psr.ic;; srlz.i;;"
      : "=&r"(ifa), "=&r"(itir_now), "=&r"(iha)
      : "r"(magic), "r"(itir(16, 0x77)), "r"(frame(0)), "r"(va)
      : "r14", "memory");
  check(ifa == magic && itir_now == itir(16, 0x77) && iha == magic,
        "a TR, a TC and a walk that find a translation leave IFA, ITIR and IHA alone");
}

void probes_without_translation() {
  const u64 va = walked(6, 0);
  load(va);
  same(tpa(va + 5), frame(18) + 5, "tpa");
  purge(va);
  same(tpa(va + 5), frame(18) + 5, "tpa of what only the VHPT knows");
  purge(va);
  same(tak(va), region_register(6) & ~u64{0xff}, "tak of what only the VHPT knows: its region's identifier");
  set_region(5, region_register(5));
  tpa(walked(5, 0));
  check(came(alternate_data_tlb, isr::na), "tpa without a translation: non-access, code 0");
  same(tak(walked(5, 0)), 1, "tak without: 1");
  load(va);
  arm(0, psr::dt);
  u64 found = 0, key = 0;
  asm volatile("rsm psr.dt;; srlz.d;; tpa %0 = %2;; tak %1 = %2;; ssm psr.dt;; srlz.d;;"
               : "=&r"(found), "=&r"(key)
               : "r"(va + 5)
               : "memory");
  check(quiet() && found == frame(18) + 5 && key == (region_register(6) & ~u64{0xff}),
        "PSR.dt clear: tpa and tak ask the TLB all the same");
  purge(va);
  asm volatile("rsm psr.dt;; srlz.d;; tpa r14 = %1;; tak %0 = %1;; ssm psr.dt;; srlz.d;;"
               : "=&r"(key)
               : "r"(va)
               : "r14", "memory");
  check(came(alternate_data_tlb, isr::na) && key == 1, "but not the VHPT, whose walker is off then");
}

struct alignas(32) LongEntry {
  u64 pte, itir, tag, next;
};

/// Two pages of regions 6 and 7 whose entries have the same place.
bool find_collision(u64& one, u64& other) {
  one = walked(6, 1);
  for (unsigned n = 0; n < 4096; ++n) {
    other = walked(7, n);
    if (thash(other) == thash(one)) return true;
  }
  return false;
}

/// The rest of the chain is software's.
bool walk_chain(TrapFrame& f) {
  if (f.vector != data_tlb) return false;
  for (auto* e = reinterpret_cast<LongEntry*>(f.iha); e != nullptr;
       e = reinterpret_cast<LongEntry*>(e->next)) {
    if (e->tag != ttag(f.ifa)) continue;
    asm volatile(
        "rsm psr.ic;; srlz.d;; mov cr.ifa = %0; mov cr.itir = %1;; itc.d %2;; ssm psr.ic;; srlz.d;;" ::"r"(
            f.ifa),
        "r"(e->itir), "r"(e->pte)
        : "memory");
    return true;
  }
  return false;
}

void long_format() {
  BARE_WRITE("cr.pta", frame(64) | 15 << 2 | 1 << 8 | 1);
  set_region(7, region_register(7, true));
  for (u64 at = frame(64); at < frame(66); at += 8) store(at, ~u64{0});
  u64 one = 0, other = 0;
  check(find_collision(one, other) && ttag(one) != ttag(other),
        "two pages with one place in the table have two tags");
  auto* head = reinterpret_cast<LongEntry*>(thash(one));
  static LongEntry behind;
  store(frame(20), 0x20);
  store(frame(24), 0x24);
  load(one);
  check(miss(data_tlb, one), "tag invalid: data TLB miss; IHA is the entry's place");
  *head = {Pte{.pa = frame(20)}.word(), itir(page_shift, 0x345), ttag(one), 0};
  same(load(one), 0x20, "the tag fits: the walker inserts the entry");
  same(tak(one), 0x345 << 8, "with the key that the entry names");
  load(other);
  check(miss(data_tlb, other), "the other page's tag does not fit: data TLB miss");
  behind = {Pte{.pa = frame(24)}.word(), itir(page_shift, 0), ttag(other), 0};
  head->next = reinterpret_cast<u64>(&behind);
  react = walk_chain;
  same(load(other), 0x24, "software finds it in the chain behind");
  check(events == 1, "by one miss");
  events = 0;
  react = nullptr;
  purge(one);
  head->tag |= u64{1} << 63;
  load(one);
  check(miss(data_tlb, one), "the tag invalid bit alone hides an entry");
  head->tag = ttag(one);
  head->itir = itir(16);
  head->pte = Pte{.pa = frame(20)}.word();
  store(frame(23), 0x23);
  load(one);
  same(load((one & ~u64{0xffff}) + 3 * page), 0x23, "the entry's page size counts, not the region's");
  check(quiet(), "without interruptions");
  purge(one, 16);

  static u64 hash[1024], tag[1024];
  bool unique = true;
  for (unsigned n = 0; n < 1024; ++n) {
    const u64 va = walked(6 + n % 2, n / 2);
    hash[n] = thash(va);
    tag[n] = ttag(va);
    for (unsigned k = 0; k < n; ++k) unique &= hash[k] != hash[n] || tag[k] != tag[n];
    unique &= tag[n] >> 63 == 0;
  }
  check(unique, "place and tag together name one page, and ti is 0");
  BARE_WRITE("cr.pta", 0);
  set_region(6, region_register(6));
  set_region(7, region_register(7));
}

/// One step does it: PAL_PTCE_INFO would say base 0, counts 1 and 1, strides 0 and 0.
void purge_everything() {
  for (unsigned n = 0; n < 64; ++n) insert_data(data(n), {.pa = frame(n)});
  insert_code(code(1), {.pa = frame(1)});
  const u64 counts[2] = {1, 1}, strides[2] = {0, 0};
  u64 base = 0;
  for (u64 outer = 0; outer < counts[0]; ++outer) {
    for (u64 inner = 0; inner < counts[1]; ++inner) {
      asm volatile("ptc.e %0;;" ::"r"(base) : "memory");
      base += strides[1];
    }
    base += strides[0];
  }
  asm volatile("srlz.i;;");
  bool gone = true;
  for (unsigned n = 0; n < 64; ++n) gone &= (load(data(n)), came(alternate_data_tlb, isr::r));
  check(gone, "the ptc.e loop leaves no cached data translation");
  const u64 descriptor[2] = {code(1), BARE_READ("r1")};
  reinterpret_cast<void (*)()>(reinterpret_cast<u64>(descriptor))();
  check(came(alternate_instruction_tlb, isr::x), "nor one of code");
  load(frame(0));
  check(quiet(), "translation registers stay");
}

}  // namespace

int main() {
  start("corner-vhpt");
  store(frame(1), 0);
  short_format();
  hits_are_silent();
  probes_without_translation();
  long_format();
  purge_everything();
  return report("corner-vhpt");
}
