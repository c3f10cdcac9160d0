// Not a Thing: pages and registers that hold no value, given to the processor and to the hypervisor.
//
// A page with attribute NaTPage has no data: loads, stores, fetches and the register stack's own accesses are
// NaT consumption faults with IFA and the kind of access in ISR, speculative loads give a NaT, and the frame
// behind it is not touched (SDM vol. 2 4.4.9, 5.5.5). The hypervisor hands such pages on as they are, and
// takes arguments by guest-physical addresses, which have no attribute: one that is given by the page's
// virtual address leads nowhere. A register with its NaT bit set is refused where an instruction is executed
// for the guest; an argument of a hypercall that is a NaT is 0, and no answer is one.
#include "guests/tests/lib/test.h"
#include "privileged.h"
#include "test/attack.h"

const char test_name[] = "nat-values";

extern "C" {
// r9: where a NaT can be had by a speculative load.
extern const u8 nat_in_pkr[], nat_in_rr[], nat_as_rr_index[], nat_in_cr[], nat_in_itc[], nat_in_kr[],
    nat_in_tpa[], nat_in_set_rr[], nat_in_set_kr[], nat_in_thash[], nat_in_itr_d[], nat_in_number[],
    nat_in_argument[], nat_in_result[], nat_in_firmware_result[], nat_in_psr_result[], nat_spilled[];
// r8: the register stack's memory.
extern const u8 nat_stack_store[], nat_stack_load[];
}

namespace {
constexpr u64 region_3 = u64{3} << 61, slot = 2, pattern = 0x5eed5eed5eed5eed;
constexpr u64 nat_va = region_3;
Pfn page;

u64& word() { return *static_cast<u64*>(test_va(page)); }

void insert(u64 attribute) {
  const AttackRegisters r{
      .r8 = attack_pte(page, attribute), .r9 = nat_va, .r10 = slot, .r11 = attack_itir(0)};
  test_check(attack(attack_itr_d, r).ended() && attack(attack_itr_i, r).ended(), "attribute %lu is refused",
             attribute);
}

void consumed(const char* what, const AttackOutcome& found, u64 isr) {
  constexpr u64 kinds = isr_x | isr_w | isr_r | isr_na | isr_sp | isr_rs;
  test_check(found.vector == vector_nat_consumption && (found.isr & (kinds | isr_code)) == isr,
             "%s: vector 0x%lx, isr 0x%lx", what, found.vector, found.isr);
}
void page_consumed(const char* what, const AttackOutcome& found, u64 isr) {
  consumed(what, found, isr);
  test_check(found.ifa >> 12 == nat_va >> 12, "%s: ifa 0x%lx", what, found.ifa);
}

void check_page() {
  constexpr u64 tpa_code = 0;
  page_consumed("a load", attack(attack_load, {.r9 = nat_va}), isr_r | code_nat_page);
  page_consumed("a store", attack(attack_store, {.r8 = 1, .r9 = nat_va}), isr_w | code_nat_page);
  page_consumed("a semaphore", attack(attack_exchange, {.r8 = 1, .r9 = nat_va}),
                isr_r | isr_w | code_nat_page);
  page_consumed("a call", attack(attack_call, {.r9 = nat_va}), isr_x | code_nat_page);
  page_consumed("tpa", attack(attack_tpa, {.r9 = nat_va}), isr_na | tpa_code | code_nat_page);
  const AttackOutcome speculative = attack(attack_load_speculative, {.r8 = 1, .r9 = nat_va});
  test_check(speculative.ended() && speculative.nat, "a speculative load: vector 0x%lx, NaT %lu",
             speculative.vector, speculative.nat);
  test_check(word() == pattern, "the page was written: 0x%lx", word());
}

void check_register_stack() {
  page_consumed("registers stored", attack(nat_stack_store, {.r8 = nat_va + 8}),
                isr_w | isr_rs | code_nat_page);
  page_consumed("registers loaded", attack(nat_stack_load, {.r8 = nat_va + 2048}),
                isr_r | isr_rs | code_nat_page);
  test_check(word() == pattern, "the page was written: 0x%lx", word());
}

long call(u64 number, u64 a, u64 b) {
  const AttackOutcome found = attack(attack_hypercall, {.r9 = a, .r10 = b, .r2 = number});
  test_check(found.ended() && !found.nat, "hypercall %lu: vector 0x%lx", number, found.vector);
  return static_cast<long>(found.r8);
}

// By virtual address the page is no argument, whether it is a NaT page or not; by guest-physical it always
// is.
void check_hypercall_address() {
  const u64 physical = hypercall_address(test_va(page));
  test_equal("an answer to the virtual address", call(__HYPERVISOR_xen_version, XENVER_extraversion, nat_va),
             -XEN_EFAULT);
  test_equal("an answer to another one",
             call(__HYPERVISOR_xen_version, XENVER_extraversion, u64{1} << 63 | nat_va), -XEN_EFAULT);
  test_check(word() == pattern, "the page was written: 0x%lx", word());
  test_equal("an answer to the physical address",
             call(__HYPERVISOR_xen_version, XENVER_extraversion, physical), 0);
  test_check(word() != pattern, "the answer is not there");
  word() = pattern;
}

// All by instructions, then by hyperprivops; nothing of it may happen.
void check_registers() {
  constexpr const char* names[] = {
      "mov pkr", "mov rr", "mov rr by a NaT", "mov cr", "itc",   "mov ar.k",
      "tpa",     "set_rr", "set_kr",          "thash",  "itr.d", "a call's number"};
  const u8* const pieces[] = {nat_in_pkr,    nat_in_rr,    nat_as_rr_index, nat_in_cr,
                              nat_in_itc,    nat_in_kr,    nat_in_tpa,      nat_in_set_rr,
                              nat_in_set_kr, nat_in_thash, nat_in_itr_d,    nat_in_number};
  const u64 region = attack(attack_get_rr, {.r9 = u64{2} << 61}).r8;
  for (unsigned n = 0; n < count_of(pieces); n++) {
    const AttackOutcome found = attack(pieces[n], {.r9 = nat_va});
    test_check(found.vector == vector_nat_consumption && (found.isr & 0xf0) == code_register_nat,
               "%s: vector 0x%lx, isr 0x%lx", names[n], found.vector, found.isr);
  }
  test_check(attack(attack_get_rr, {.r9 = u64{2} << 61}).r8 == region, "rr2 has changed");
}

// xen_version's first argument is the NaT: 0 is XENVER_version.
void check_answers() {
  const u64 version = static_cast<u64>(hypercall_xen_version(XENVER_version, nullptr));
  const AttackOutcome by_nat = attack(nat_in_argument, {.r9 = nat_va, .r2 = __HYPERVISOR_xen_version});
  test_check(by_nat.ended() && !by_nat.nat && by_nat.r8 == version, "an argument that is a NaT: 0x%lx",
             by_nat.r8);
  const u8* const pieces[] = {nat_in_result, nat_in_firmware_result, nat_in_psr_result};
  for (const u8* piece : pieces) {
    const AttackOutcome found = attack(piece, {.r9 = nat_va, .r2 = __HYPERVISOR_xen_version});
    test_check(found.ended() && !found.nat, "an answer is a NaT: vector 0x%lx, 0x%lx", found.vector,
               found.r8);
  }
  const AttackOutcome kept = attack(nat_spilled, {.r9 = nat_va, .r2 = __HYPERVISOR_xen_version});
  test_check(kept.ended() && kept.r8 == 0x3f, "NaTs that a hypercall has lost: 0x%lx", kept.r8);
}
}  // namespace

void test_main() {
  events_disable(0);
  page = test_spare_frames(1);
  word() = pattern;
  insert(attribute_nat_page);
  check_page();
  check_register_stack();
  check_hypercall_address();
  check_registers();
  check_answers();
}
