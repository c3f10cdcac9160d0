// Speculation: which exceptions of a speculative load are put off and which come (DCR, ITLB.ed, PSR.ic,
// PSR.ed for one restart), what the load does then all the same, and where a NaT may not be consumed and what
// that comes before. Sources: Intel SDM vol. 2 5.5.5 (deferral), table 5-6 (priorities), vol. 1 4.4.4, vol. 3
// ld.
#include "guests/ia64/corner/corner.h"

using namespace corner;
using bare::TrapFrame;

// A speculative load with base update: 1 when its target became a NaT, + 2 when the base moved on. The second
// one has PSR.ic off, the third PSR.dt.
asm("        .text\n"
    "        .macro SPECULATIVE name, before, behind\n"
    "        .global \\name\n"
    "        .proc \\name\n"
    "\\name:\n"
    "        mov r14 = r32\n mov r15 = r0\n mov r8 = r0\n ;;\n"
    "        \\before\n"
    "        ld8.s r15 = [r14], 24\n"
    "        ;;\n"
    "        \\behind\n"
    "        tnat.nz p6, p0 = r15\n sub r16 = r14, r32\n ;;\n"
    "        cmp.eq p7, p0 = 24, r16\n"
    "(p6)    add r8 = 1, r8\n ;;\n"
    "(p7)    add r8 = 2, r8\n"
    "        br.ret.sptk.many b0\n"
    "        .endp \\name\n"
    "        .endm\n"
    "        SPECULATIVE speculative_load, \"\", \"\"\n"
    "        SPECULATIVE uncollected_load, \"rsm psr.ic;; srlz.d;;\", \"ssm psr.ic;; srlz.i;;\"\n"
    "        SPECULATIVE physical_load, \"rsm psr.dt;; srlz.d;;\", \"ssm psr.dt;; srlz.d;;\"\n");
extern "C" u64 speculative_load(u64 address);
extern "C" u64 uncollected_load(u64 address);
extern "C" u64 physical_load(u64 address);

namespace {

alignas(64) u64 memory[16];

// Deferral

constexpr u64 dm = 1 << 8, dp = 1 << 9, dk = 1 << 10, dx = 1 << 11, dr = 1 << 12, da = 1 << 13, dd = 1 << 14,
              all_dcr = dm | dp | dk | dx | dr | da | dd;

struct Condition {
  const char* name;
  u64 address, vector, code, dcr;  ///< dcr: its bit; 0: none
  bool by_page, always;            ///< deferred whatever DCR says: when ITLB.ed is set, ever
};
constexpr u64 data(unsigned n) { return in_region(3, n * page); }
constexpr Condition conditions[] = {
    {"alternate data TLB miss", data(0), alternate_data_tlb, 0, dm, false, false},
    {"VHPT translation miss", in_region(5, 0), vhpt_translation, 0, dm, false, false},
    {"data TLB miss", in_region(6, 0), data_tlb, 0, dm, false, false},
    {"page not present", data(1), page_not_present, 0, dp, false, false},
    {"key miss", data(2), data_key_miss, 0, dk, false, false},
    {"key permission", data(3), key_permission, 0, dx, false, false},
    {"access rights", data(4), data_access_rights, 0, dr, false, false},
    {"access bit", data(5), data_access_bit, 0, da, false, false},
    {"debug", data(6), debug, 0, dd, false, false},
    {"unaligned reference", data(7) + 1, unaligned, 0, 0, true, false},
    {"NaT page", data(8), nat_consumption, 0x20, 0, true, true},
};

void set_key(u64 index, u64 value) {
  asm volatile("mov pkr[%0] = %1;;\n srlz.d;;" ::"r"(index), "r"(value) : "memory");
}

void prepare() {
  set_key(0, 1);               // key 0: all that the program itself uses
  set_key(1, 6 << 8 | 4 | 1);  // key 6: not to be read
  for (unsigned n = 6; n < 8; ++n) insert_data(data(n), {.pa = frame(n)});
  insert_data(data(1), {.pa = frame(1), .present = false});
  insert_data(data(2), {.pa = frame(2)}, page_shift, 5);
  insert_data(data(3), {.pa = frame(3)}, page_shift, 6);
  insert_data(data(4), {.pa = frame(4), .pl = 0});
  insert_data(data(5), {.pa = frame(5), .accessed = false});
  insert_data(data(8), {.pa = frame(8), .ma = 7});
  // Region 6 has its piece of the short-format VHPT, full of entries with a reserved memory attribute;
  // region 5 has none.
  constexpr u64 table = (u64{1} << 61) - (u64{1} << 50);
  BARE_WRITE("cr.pta", table | 50 << 2 | 1);
  set_region(5, region_register(5, true));
  set_region(6, region_register(6, true));
  u64 entry = 0;
  asm volatile("thash %0 = %1;;" : "=r"(entry) : "r"(in_region(6, 0)));
  insert_data(entry & ~(page - 1), {.pa = frame(9)});
  store(frame(9) + (entry & (page - 1)), 1 << 2 | 1);
  asm volatile("mov dbr[%0] = %1;;\n mov dbr[%2] = %3;;\n srlz.d;;" ::"r"(u64{0}), "r"(data(6)), "r"(u64{1}),
               "r"(u64{1} << 63 | u64{0xf} << 56 | 0x00ffffffffffffff)
               : "memory");
  insert_code(in_region(2, 0), {.deferral = true}, 24);
}

using Load = u64(u64);

/// At level 3, with data breakpoints, protection keys and the alignment check on.
[[gnu::noinline]] u64 try_load(Load* code, u64 address) {
  constexpr u64 bits = psr::db | psr::pk | psr::ac;
  change_psr(bits | psr::level(3), 0);
  const u64 result = code(address);
  change_psr(0, bits | psr::cpl);
  return result;
}

bool deferred(Load* code, u64 address) {
  const u64 result = try_load(code, address);
  return quiet() && result == 3;
}
bool faulted(Load* code, const Condition& c) {
  const u64 result = try_load(code, c.address);
  const Event e = last();
  return came(c.vector, isr::r | isr::sp | c.code) && e.ifa == c.address && result == 0;
}

void deferral() {
  u64 descriptor[2];
  Load* const recovering = at_region(speculative_load, 2, descriptor);
  for (const Condition& c : conditions) {
    bool without = true, with = true;
    const u64 values[] = {0, c.dcr, all_dcr & ~c.dcr, all_dcr};
    for (const u64 value : values) {
      BARE_WRITE("cr.dcr", value);
      without &= c.always ? deferred(speculative_load, c.address) : faulted(speculative_load, c);
      const bool wanted = c.by_page || (c.dcr & value) != 0;
      with &= wanted ? deferred(recovering, c.address) : faulted(recovering, c);
    }
    bare::print("  ", c.name, "\n");
    check(without, c.always ? "  always deferred" : "  ITLB.ed clear: it comes, whatever DCR says");
    check(with, c.by_page ? "  ITLB.ed set: deferred, whatever DCR says"
                          : "  ITLB.ed set: deferred as its bit of DCR says");
  }
  BARE_WRITE("cr.dcr", 0);
  bool silent = true;
  for (const Condition& c : conditions) {
    change_psr(psr::db | psr::pk | psr::ac, 0);
    const bool is_rights = c.dcr == dr;  // at level 0 the page may be read
    silent &= uncollected_load(c.address) == (is_rights ? 2u : 3u);
    change_psr(0, psr::db | psr::pk | psr::ac);
  }
  check(silent && quiet(), "PSR.ic clear: all are deferred");
  const u64 result = speculative_load(data(6) + 8);
  check(result == 2 && quiet(), "a speculative load that may load, loads");
  constexpr u64 unimplemented = u64{1} << 62, uncacheable = u64{1} << 63;
  check(physical_load(unimplemented) == 3 && quiet(), "an unimplemented address: always deferred");
  check(physical_load(uncacheable | frame(6)) == 3 && quiet(),
        "uncacheable memory is never speculated on: deferred");
  check(physical_load(frame(6)) == 2 && quiet(), "other physical memory is");
  u64 value = ~u64{0};
  asm volatile("rsm psr.dt;; srlz.d;; ld8 %0 = [%1];; ssm psr.dt;; srlz.d;;"
               : "+r"(value)
               : "r"(unimplemented)
               : "memory");
  check(came(general_exception, isr::r | 0x30), "a plain load from an unimplemented address faults");
}

void first_restart() {
  react = [](TrapFrame& f) { return f.ipsr |= psr::ed, true; };
  const u64 result = speculative_load(data(0));
  check(events == 1 && result == 3,
        "PSR.ed: the load that faulted gets a NaT when it is restarted, its base moves on");
  u64 first = 0, second = 0;
  events = 0;
  asm volatile(
      "mov r14 = r0\n mov r15 = r0;;\n ld8.s r14 = [%2];;\n ld8.s r15 = [%3];;\n"
      "tnat.nz p6, p0 = r14\n tnat.nz p7, p0 = r15\n mov %0 = 0\n mov %1 = 0;;\n(p6) mov %0 = 1\n(p7) mov %1 "
      "= 1;;"
      : "=&r"(first), "=&r"(second)
      : "r"(data(0)), "r"(&memory[0])
      : "r14", "r15", "p6", "p7", "memory");
  check(events == 1 && first == 1 && second == 0, "and the next one loads again");
  events = 0;
  react = nullptr;
}

// NaT consumption

/// r14 is a NaT, r15 an address without translation, r16 one that is good.
#define WITH_NAT(text)                                                                             \
  asm volatile(                                                                                    \
      "mov ar.unat = -1\n mov r15 = %0\n mov r16 = %1;;\n ld8.fill r14 = [r16];;\n mov ar.unat = " \
      "r0;;\n" text ";;\n mov r14 = r0;;" ::"r"(data(0)),                                          \
      "r"(&memory[0])                                                                              \
      : "r14", "r15", "r16", "r17", "b6", "p6", "f6", "f7", "ar.unat", "ar.ccv", "memory")

void consumption() {
  constexpr u64 nat = 0x10;
  WITH_NAT("ld8 r17 = [r14]");
  check(came(nat_consumption, nat | isr::r), "a load from a NaT address");
  WITH_NAT("st8 [r14] = r0");
  check(came(nat_consumption, nat | isr::w), "a store to a NaT address");
  WITH_NAT("st8 [r15] = r14");
  check(came(nat_consumption, nat | isr::w),
        "a store of a NaT where there is no translation: the NaT comes first");
  WITH_NAT("fetchadd8.acq r17 = [r14], 1");
  check(came(nat_consumption, nat | isr::r | isr::w), "a semaphore");
  WITH_NAT("lfetch [r14]");
  check(quiet(), "a prefetch from a NaT address is nothing");
  WITH_NAT("lfetch.fault [r14]");
  check(came(nat_consumption, nat | isr::r | isr::na | 4), "one that faults: non-access, code 4");
  WITH_NAT("tpa r17 = r14");
  check(came(nat_consumption, nat | isr::na), "tpa: non-access, code 0");
  WITH_NAT("mov b6 = r14");
  check(came(nat_consumption, nat), "a move to a branch register");
  WITH_NAT("mov ar.ccv = r14");
  check(came(nat_consumption, nat), "a move to an application register");
  WITH_NAT("setf.sig f6 = r14;;\n stfd [r15] = f6");
  check(came(nat_consumption, nat | isr::w), "a store of a NaTVal, before the missing translation");
  WITH_NAT("setf.sig f6 = r14;;\n stf.spill [r16] = f6");
  check(quiet(), "a spill of a NaTVal is none");
  WITH_NAT("cmp.eq p6, p0 = r14, r0;;\n add r17 = r14, r14;;\n mov r17 = r0");
  check(quiet(), "computing with NaTs is none");
  set_level(3);
  WITH_NAT("mov cr.iva = r14");
  set_level(0);
  check(came(general_exception, 0x10), "a privileged operation without privilege comes before the NaT");
  insert_data(data(9), {.pa = frame(8), .ma = 7, .accessed = false}, page_shift, 5);
  change_psr(psr::pk, 0);
  load(data(9));
  change_psr(0, psr::pk);
  check(came(nat_consumption, 0x20 | isr::r), "a NaT page comes before its key and its access bit");
}

}  // namespace

int main() {
  start("corner-speculation");
  prepare();
  deferral();
  first_restart();
  consumption();
  return report("corner-speculation");
}
