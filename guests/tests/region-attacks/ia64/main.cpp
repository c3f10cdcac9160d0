// Regions, translations and the VHPT: all numbers that a kernel may name, and those that it may not.
//
// A domain has 18 bits of region identifiers; the machine's, with the hypervisor's and other domains' among
// them, have
// 24. Whatever is written to a region register, what is found there is the domain's own: nothing at the
// hypervisor's addresses, and in a page what this domain has written, while others use the same identifier
// and address. Registers of regions 6 and 7 are like the others, although the hypervisor lives in 7. The
// table that the processor walks is the hypervisor's. The kernel can find out where it is (thash does not
// trap), and can neither read nor write nor cover it; a table of its own is never walked. Insertions with
// reserved attributes, slots beyond the eight, and purges of reserved sizes are refused; purges over the
// hypervisor take nothing from it.
#include "guests/tests/lib/test.h"
#include "privileged.h"
#include "test/attack.h"

const char test_name[] = "region-attacks";

extern "C" const u8 regions_set_rr[], regions_set_five[], regions_thash[], regions_ask_thash[];

namespace {
constexpr u64 region(u64 n) { return n << 61; }
constexpr u64 rr_value(u64 rid, u64 shift = page_shift, u64 walked = 0) {
  return rid << 8 | shift << 2 | walked;
}
constexpr u64 slot = 2, most_rid = 0x3ffff;
constexpr u64 hypervisor_image = HYPERVISOR_VIRT_START + 0x800000001000000;  // docs/ia64-domains.md, layout.h
Pfn pages;

u64& word(u64 n) { return *static_cast<u64*>(test_va(pages + n)); }
u64 get_rr(u64 n) { return attack(attack_get_rr, {.r9 = region(n)}).r8; }
bool set_rr(u64 n, u64 value) { return attack(attack_set_rr, {.r8 = value, .r9 = region(n)}).ended(); }
bool map(u64 va, u64 n) {
  const AttackRegisters r{.r8 = attack_pte(pages + n), .r9 = va, .r10 = slot, .r11 = attack_itir(0)};
  return attack(attack_itr_d, r).ended();
}
bool shows(u64 va, u64 n) {
  const AttackOutcome found = attack(attack_load, {.r9 = va});
  return found.ended() && found.r8 == word(n);
}
bool reserved(const AttackOutcome& found) {
  return found.vector == vector_general_exception && (found.isr & 0xf0) == code_reserved_field;
}
bool hypervisor_answers() {
  const AttackOutcome found =
      attack(attack_hypercall, {.r9 = XENVER_version, .r2 = __HYPERVISOR_xen_version});
  return found.ended() && found.r8 >> 16 == 4;
}
void expect_answer(const char* after) { test_check(hypervisor_answers(), "no hypercall after %s", after); }

void check_bad_values() {
  constexpr u64 good = rr_value(0x123);
  constexpr u64 bad[] = {
      good | 2,       good | u64{1} << 26, good | u64{1} << 31, good | u64{1} << 32, good | u64{1} << 63,
      rr_value(1, 0), rr_value(1, 11),     rr_value(1, 15),     rr_value(1, 30),     rr_value(1, 34),
      rr_value(1, 63)};
  for (u64 n = 0; n < 8; n++) {
    const u64 before = get_rr(n);
    for (u64 value : bad) {
      test_check(reserved(attack(attack_set_rr, {.r8 = value, .r9 = region(n)})), "rr%lu = 0x%lx by mov", n,
                 value);
      test_check(reserved(attack(regions_set_rr, {.r8 = region(n), .r9 = value})), "rr%lu = 0x%lx by set_rr",
                 n, value);
      if (n < 5)
        test_check(reserved(attack(regions_set_five,
                                   {.r8 = value, .r9 = value, .r10 = value, .r11 = value, .r14 = value})),
                   "rr0 to rr4 = 0x%lx", value);
    }
    test_check(get_rr(n) == before, "rr%lu was 0x%lx and is 0x%lx", n, before, get_rr(n));
  }
}

// Identifiers of all kinds: nothing is there that the domain has not inserted, least of all the hypervisor's
// image.
void check_identifiers() {
  const u64 before = get_rr(2);
  unsigned wrong = 0, tried = 0;
  const auto try_one = [&](u64 rid) {
    tried++;
    if (!set_rr(2, rr_value(rid))) wrong++;
    const u64 offsets[] = {hypervisor_image, HYPERVISOR_VIRT_START, XEN_IA64_XSI, IMAGE_BASE + IMAGE_OFFSET,
                           KERNEL_BASE};
    for (u64 offset : offsets) {
      const AttackOutcome found = attack(attack_load, {.r9 = region(2) | (offset & ~region(7))});
      wrong += found.vector != vector_alternate_dtlb;
    }
  };
  for (u64 rid = 16; rid < 64; rid++) try_one(rid);
  for (u64 bit = 6; bit < 18; bit++)
    try_one(u64{1} << bit), try_one((u64{1} << bit) + 7), try_one(most_rid - (u64{1} << bit));
  test_check(wrong == 0, "%u of %u identifiers show something", wrong, tried);
  test_check(set_rr(2, rr_value(most_rid)) && map(region(2), 0) && shows(region(2), 0),
             "the last identifier");
  test_check(set_rr(2, rr_value(most_rid - 1)) && map(region(2), 1) && shows(region(2), 1), "the one before");
  test_check(set_rr(2, rr_value(most_rid)) && !shows(region(2), 1),
             "one identifier's page under another one");
  attack(attack_ptr_d, {.r9 = region(2), .r11 = attack_itir(0)});
  set_rr(2, before);
}

// While region 7 is another one nothing may use what the kernel has there: no printing.
void check_upper_regions() {
  u64 wrong = 0;
  for (u64 n = 6; n < 8; n++) {
    const u64 before = get_rr(n), va = region(n) | 0x40000000;
    const u64 shifts[] = {12, 14, 24, 28};
    for (u64 shift : shifts) {
      const u64 bit = u64{1} << (shift + (n - 6));
      wrong |= !set_rr(n, rr_value(0x200 + shift, shift)) ? bit : 0;
      wrong |= attack(attack_load, {.r9 = va}).vector != vector_alternate_dtlb ? bit : 0;
      wrong |= !hypervisor_answers() ? bit : 0;
      wrong |= !map(va, 0) || attack(attack_load, {.r9 = va}).r8 != 0x1000 ? bit : 0;
      wrong |= attack(attack_load, {.r9 = hypervisor_image}).vector != vector_page_not_present ? bit : 0;
      wrong |= !attack(attack_load, {.r9 = XEN_IA64_XSI}).ended() ? bit : 0;
      attack(attack_ptr_d, {.r9 = va, .r11 = attack_itir(0)});
    }
    set_rr(n, before);
  }
  test_check(wrong == 0, "region registers 6 and 7: 0x%lx", wrong);
}

void check_insertions() {
  constexpr u64 va = region(3);
  const u8* const ways[] = {attack_itr_d, attack_itr_i, attack_itc_d, attack_itc_i};
  constexpr u64 bits[] = {1 << 2, 2 << 2, 3 << 2, 2, u64{1} << 50, u64{1} << 51};
  constexpr u64 shifts[] = {0, 11, 15, 17, 30, 34, 63};
  for (const u8* way : ways) {
    for (u64 bit : bits)
      test_check(reserved(attack(
                     way, {.r8 = attack_pte(pages) | bit, .r9 = va, .r10 = slot, .r11 = attack_itir(0)})),
                 "a translation with 0x%lx", bit);
    for (u64 shift : shifts)
      test_check(reserved(attack(
                     way, {.r8 = attack_pte(pages), .r9 = va, .r10 = slot, .r11 = attack_itir(0, shift)})),
                 "a page of 2^%lu", shift);
  }
  constexpr u64 slots[] = {8, 9, 15, 63, 64, 128, 255};
  for (u64 n : slots)
    for (unsigned side = 0; side < 2; side++)
      test_check(
          reserved(attack(ways[side], {.r8 = attack_pte(pages), .r9 = va, .r10 = n, .r11 = attack_itir(0)})),
          "translation register %lu", n);
  for (u64 n = 2; n < 8; n++) {
    const AttackRegisters r{
        .r8 = attack_pte(pages), .r9 = va + n * page_bytes, .r10 = n, .r11 = attack_itir(0)};
    test_check(attack(attack_itr_d, r).ended() && attack(attack_itr_i, r).ended(), "translation register %lu",
               n);
    test_check(shows(va + n * page_bytes, 0), "translation register %lu shows nothing", n);
  }
  expect_answer("all translation registers were written");
  attack(attack_ptr_d, {.r9 = va, .r11 = attack_itir(0, 16)});
  attack(attack_ptr_i, {.r9 = va, .r11 = attack_itir(0, 16)});
  test_check(!attack(attack_load, {.r9 = va + 2 * page_bytes}).ended(), "a purged register shows something");
}

// A hypervisor's address, whatever is inserted there or purged.
void try_hypervisor_page(u64 va) {
  const u8* const ways[] = {attack_itr_d, attack_itc_d, attack_itc_i};
  constexpr u64 shifts[] = {12, 24, 32};
  for (u64 shift : shifts) {
    for (const u8* way : ways)
      attack(way, {.r8 = attack_pte(pages), .r9 = va, .r10 = slot, .r11 = attack_itir(0, shift)});
    const AttackOutcome read = attack(attack_load, {.r9 = va}), written = attack(attack_store, {.r9 = va});
    test_check(read.vector == vector_page_not_present && read.ifa == va, "0x%lx: a load, vector 0x%lx", va,
               read.vector);
    test_check(written.vector == vector_page_not_present, "0x%lx: a store, vector 0x%lx", va, written.vector);
    const u8* const purges[] = {attack_ptc_l, attack_ptc_ga, attack_ptr_d, attack_ptr_i};
    for (const u8* purge : purges)
      test_check(attack(purge, {.r9 = va, .r11 = attack_itir(0, shift)}).ended(),
                 "a purge of 0x%lx is refused", va);
  }
  test_check(hypervisor_answers() && attack(attack_load, {.r9 = XEN_IA64_XSI}).ended(),
             "the hypervisor without 0x%lx", va);
}

// thash tells where the processor looks; that is the hypervisor's table, all of which is tried.
void check_vhpt() {
  constexpr u64 table_bytes = 1 << 16;
  const u64 entry = attack(regions_thash, {.r9 = region(2)}).r8, table = entry & ~(table_bytes - 1);
  test_check(entry - HYPERVISOR_VIRT_START < HYPERVISOR_VIRT_END - HYPERVISOR_VIRT_START,
             "the processor walks a table at 0x%lx", entry);
  for (u64 at = table; at < table + table_bytes; at += table_bytes / 4) try_hypervisor_page(at);
  try_hypervisor_page(HYPERVISOR_VIRT_START);
  try_hypervisor_page(hypervisor_image);
  constexpr u64 shifts[] = {0, 11, 15, 30, 63};
  const u8* const purges[] = {attack_ptc_l, attack_ptc_ga, attack_ptr_d, attack_ptr_i};
  for (const u8* purge : purges)
    for (u64 shift : shifts)
      test_check(reserved(attack(purge, {.r9 = region(2), .r11 = attack_itir(0, shift)})), "a purge of 2^%lu",
                 shift);
  for (u64 n = 0; n < 4; n++) attack(attack_ptc_e, {.r9 = n << 32});
  expect_answer("ptc.e");
}

// Every entry of the kernel's own table, in either format, says where a page is. Nobody asks.
void check_own_table() {
  constexpr u64 table_va = region(2) | 0x10000000, long_format = 1 << 8, size = 15, walk = 1;
  constexpr unsigned words = page_bytes / sizeof(u64);
  const u64 before = get_rr(2);
  u64* const own = static_cast<u64*>(test_va(pages + 1));
  test_check(set_rr(2, rr_value(0x300, page_shift, walk)) && map(table_va, 1), "the table cannot be mapped");
  for (u64 format = 0; format <= long_format; format += long_format) {
    for (unsigned n = 0; n < words; n++)
      own[n] = format == 0 || n % 4 == 0 ? attack_pte(pages) : page_shift << 2;
    test_check(attack(attack_set_pta, {.r8 = table_va | format | size << 2 | walk}).ended(),
               "cr.pta is refused");
    if (format == 0) {
      const u64 asked = attack(regions_ask_thash, {.r8 = region(2)}).r8;
      test_check(asked >> 15 == table_va >> 15, "thash by hyperprivop gives 0x%lx", asked);
    }
    for (u64 n = 0; n < 4; n++) {
      const AttackOutcome found = attack(attack_load, {.r9 = region(2) | n * page_bytes});
      test_check(found.vector == vector_dtlb_miss, "its own table: vector 0x%lx", found.vector);
    }
    constexpr u64 elsewhere[] = {HYPERVISOR_VIRT_START, hypervisor_image, region(4), ~u64{0x7fff}};
    for (u64 base : elsewhere) {
      attack(attack_set_pta, {.r8 = base | format | size << 2 | walk});
      test_check(attack(attack_load, {.r9 = region(2)}).vector == vector_dtlb_miss, "a table at 0x%lx", base);
    }
  }
  attack(attack_set_pta);
  attack(attack_ptr_d, {.r9 = table_va, .r11 = attack_itir(0)});
  set_rr(2, before);
  expect_answer("cr.pta was written");
}

// Another domain may do the same at the same time (tests/scenario/attacks-ia64.json): same identifier, same
// address.
void check_own_contents() {
  constexpr u64 va = region(2) | 0x20000000;
  const u64 before = get_rr(2), own = arch_cycle_counter();
  word(0) = own;
  set_rr(2, rr_value(0x123));
  unsigned wrong = 0;
  for (const u64 end = system_time_ns(0) + 30 * ns_per_ms; system_time_ns(0) < end;) {
    attack(attack_itc_d, {.r8 = attack_pte(pages), .r9 = va, .r11 = attack_itir(0)});
    AttackOutcome found = attack(attack_load, {.r9 = va});
    wrong += !found.ended() || found.r8 != own;
    hypercall_sched_op(SCHEDOP_yield, nullptr);
    found = attack(attack_load, {.r9 = va});  // others ran: it may be gone, and no other
    wrong += found.ended() ? found.r8 != own : found.vector != vector_alternate_dtlb;
  }
  test_check(wrong == 0 && word(0) == own, "%u loads of something else", wrong);
  set_rr(2, before);
}
}  // namespace

void test_main() {
  events_disable(0);
  pages = test_spare_frames(2);
  for (u64 n = 0; n < 2; n++) word(n) = 0x1000 + n;
  check_bad_values();
  check_identifiers();
  check_upper_regions();
  check_insertions();
  check_vhpt();
  check_own_table();
  check_own_contents();
}
