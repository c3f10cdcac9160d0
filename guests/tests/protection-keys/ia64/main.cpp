// Protection keys: a domain has its own, all that a processor has, and they say nothing to anybody else.
//
// A page's translation has a key, a VCPU 16 registers of keys; with PSR.pk set an access needs one that is
// valid and does not deny it (SDM vol. 2 4.1.3). The test finds out that registers hold what may be written
// and refuse the rest, that each kind of access is refused by the right fault, that sixteen keys are usable
// at once although the hypervisor needs one for itself, that the other VCPU has other registers, and that the
// hypervisor is not hindered: it is interrupted, serves calls with arguments in pages whose keys deny
// everything, and shows the XSI.
#include "guests/tests/lib/test.h"
#include "privileged.h"
#include "test/attack.h"

const char test_name[] = "protection-keys";

namespace {
constexpr u64 registers = 16, region_3 = u64{3} << 61, slot = 2;
constexpr u64 valid = 1, no_write = 2, no_read = 4, no_execute = 8;
constexpr u64 page_key = 0x2abcd, largest_key = 0x3ffff;
constexpr u64 pattern = 0x5eed5eed5eed5eed;
constexpr u64 pkr(u64 key, u64 bits = valid) { return key << 8 | bits; }

Pfn page;
u64 place(u64 n) { return region_3 + n * page_bytes; }

const AttackOutcome& set(u64 index, u64 value) { return attack(attack_set_pkr, {.r8 = value, .r9 = index}); }
u64 get(u64 index) { return attack(attack_get_pkr, {.r9 = index}).r8; }
void insert(u64 key, u64 attribute = 0) {
  const AttackRegisters r{
      .r8 = attack_pte(page, attribute), .r9 = place(0), .r10 = slot, .r11 = attack_itir(key)};
  test_check(attack(attack_itr_d, r).ended() && attack(attack_itr_i, r).ended(), "key 0x%lx is refused", key);
}
void keys(bool on) {
  test_check(attack(on ? attack_keys_on : attack_keys_off).ended(), "PSR.pk cannot be set");
}

void expect(const char* what, const AttackOutcome& found, u64 vector, u64 isr) {
  constexpr u64 kinds = isr_x | isr_w | isr_r | isr_sp | isr_na;
  test_check(found.vector == vector && (found.isr & (kinds | isr_code)) == isr, "%s: vector 0x%lx, isr 0x%lx",
             what, found.vector, found.isr);
}
void refused(const char* what, const AttackOutcome& found, u64 vector, u64 isr) {
  expect(what, found, vector, isr);
  test_check(found.ifa == place(0), "%s: ifa 0x%lx", what, found.ifa);
  test_check(found.ipsr >> 15 & 1, "%s: ipsr 0x%lx", what, found.ipsr);
}

void check_registers() {
  constexpr u64 pal_call = 0x1000, vm_summary = 8;
  const AttackOutcome told = attack(attack_hypercall, {.r2 = pal_call, .r28 = vm_summary});
  test_equal("registers by PAL_VM_SUMMARY", static_cast<s64>(told.r9 >> 16 & 0xff), registers - 1);
  test_equal("bits of a key by PAL_VM_SUMMARY", static_cast<s64>(told.r9 >> 8 & 0xff), 18);
  for (u64 n = 0; n < registers; n++) set(n, pkr(largest_key - n, valid | no_read));
  for (u64 n = 0; n < registers; n++)
    test_check(get(n) == pkr(largest_key - n, valid | no_read), "pkr[%lu] is 0x%lx", n, get(n));
  expect("a register too many", set(registers, 0), vector_general_exception, code_reserved_field);
  expect("a read of it", attack(attack_get_pkr, {.r9 = registers}), vector_general_exception,
         code_reserved_field);
  constexpr u64 reserved[] = {4, 7, 26, 31, 32, 63};
  for (u64 bit : reserved)
    expect("a reserved bit", set(1, u64{1} << bit), vector_general_exception, code_reserved_field);
  test_check(get(1) == pkr(largest_key - 1, valid | no_read), "a refused value is in pkr[1]: 0x%lx", get(1));
  set(7, pkr(largest_key));
  test_check(!(get(0) & valid) && get(7) == pkr(largest_key), "two registers have one key: 0x%lx and 0x%lx",
             get(0), get(7));
  for (u64 n = 0; n < registers; n++) set(n, 0);
}

void check_insertions() {
  constexpr u64 bad[] = {attack_itir(largest_key + 1), attack_itir(u64{1} << 24), attack_itir(0) | 1};
  const u8* const ways[] = {attack_itr_d, attack_itr_i, attack_itc_d, attack_itc_i};
  for (u64 itir : bad)
    for (const u8* how : ways)
      expect("an ITIR with reserved bits",
             attack(how, {.r8 = attack_pte(page), .r9 = place(0), .r10 = slot, .r11 = itir}),
             vector_general_exception, code_reserved_field);
  test_equal("tak without a translation", static_cast<s64>(attack(attack_tak, {.r9 = place(0)}).r8), 1);
  insert(page_key);
  test_equal("tak", static_cast<s64>(attack(attack_tak, {.r9 = place(0)}).r8), page_key << 8);
}

// Loads, stores, calls with the register for the page's key as it is; `allowed`: which of them are.
void try_page(const char* what, u64 vector, u64 denied) {
  volatile u64* const word = static_cast<u64*>(test_va(page)) + 8;
  const AttackOutcome loaded = attack(attack_load, {.r9 = place(0)});
  if (denied & no_read)
    refused(what, loaded, vector, isr_r);
  else
    test_check(loaded.ended() && loaded.r8 == *static_cast<u64*>(test_va(page)), "%s: a load", what);
  *word = 0;
  const AttackOutcome stored = attack(attack_store, {.r8 = pattern, .r9 = place(0) + 64});
  if (denied & no_write)
    test_check(stored.vector == vector && (stored.isr & isr_w), "%s: a store, vector 0x%lx", what,
               stored.vector);
  test_check(*word == (denied & no_write ? 0 : pattern), "%s: 0x%lx was stored", what, *word);
  const AttackOutcome called = attack(attack_call, {.r9 = place(0)});
  if (denied & no_execute)
    refused(what, called, vector == vector_data_key_miss ? vector_instruction_key_miss : vector, isr_x);
  else
    test_check(called.ended(), "%s: a call, vector 0x%lx", what, called.vector);
}

// Where the code's own page lets DCR say which faults of speculative loads come as NaTs (SDM vol. 2 5.5.5).
void check_deferral() {
  constexpr u64 defer_key_miss = 1 << 10, defer_permission = 1 << 11, pte_ed = u64{1} << 52;
  constexpr u64 code_slot = 3, code_bytes = 128;
  const Pfn code = test_spare_frames(1);
  memcpy(test_va(code), attack_load_speculative, code_bytes);
  attack(attack_itr_i,
         {.r8 = attack_pte(code) | pte_ed, .r9 = place(1), .r10 = code_slot, .r11 = attack_itir(0)});
  const u8* const load = reinterpret_cast<const u8*>(place(1));
  expect("a speculative load", attack(load, {.r9 = place(0)}), vector_key_permission, isr_r | isr_sp);
  attack(attack_set_dcr, {.r8 = defer_permission});
  AttackOutcome found = attack(load, {.r9 = place(0)});
  test_check(found.ended() && found.nat, "a deferred key permission: vector 0x%lx", found.vector);
  set(5, 0);
  expect("no deferral of a miss", attack(load, {.r9 = place(0)}), vector_data_key_miss, isr_r | isr_sp);
  attack(attack_set_dcr, {.r8 = defer_key_miss});
  found = attack(load, {.r9 = place(0)});
  test_check(found.ended() && found.nat, "a deferred key miss: vector 0x%lx", found.vector);
  attack(attack_set_dcr);
  attack(attack_ptr_i, {.r9 = place(1), .r11 = attack_itir(0)});
}

void check_accesses() {
  constexpr u64 everything = no_read | no_write | no_execute;
  set(0, pkr(0));  // the image's
  set(3, pkr(7));  // region 7's: a miss there is answered with the RID
  keys(true);
  try_page("no key", vector_data_key_miss, everything);
  for (u64 denied = 0; denied <= everything; denied += 2) {
    set(5, pkr(page_key, valid | denied));
    try_page("a key that denies", vector_key_permission, denied);
  }
  expect("a semaphore", attack(attack_exchange, {.r8 = 1, .r9 = place(0)}), vector_key_permission,
         isr_r | isr_w);
  check_deferral();
  insert(page_key, attribute_nat_page);
  expect("a NaT page comes before its key", attack(attack_load, {.r9 = place(0)}), vector_nat_consumption,
         isr_r | code_nat_page);
  insert(page_key);
  keys(false);
  try_page("PSR.pk clear", vector_data_key_miss, 0);
}

// All registers hold a key that is needed: two the kernel's, fourteen one page each.
void check_all_at_once() {
  constexpr u64 pages = registers - 2;
  for (u64 n = 0; n < pages; n++) set(n + 1 + (n >= 2), pkr(0x100 + n));
  keys(true);
  unsigned wrong = 0;
  for (unsigned round = 0; round < 3; round++)
    for (u64 n = 0; n < pages; n++) {
      attack(attack_itc_d, {.r8 = attack_pte(page), .r9 = place(1 + n), .r11 = attack_itir(0x100 + n)});
      const AttackOutcome found = attack(attack_load, {.r9 = place(1 + n)});
      wrong += !found.ended() || found.r8 != *static_cast<u64*>(test_va(page));
    }
  test_equal("loads that sixteen keys did not allow", wrong, 0);
  attack(attack_itc_d, {.r8 = attack_pte(page), .r9 = place(1), .r11 = attack_itir(0x100 + pages)});
  expect("a seventeenth key", attack(attack_load, {.r9 = place(1)}), vector_data_key_miss, isr_r);
  keys(false);
  for (u64 n = 1; n < registers; n++)
    if (n != 3) set(n, 0);
}

// Its arguments are in a page that no key opens; so are all that it could use, but the image.
void check_hypervisor() {
  insert(page_key);
  keys(true);
  auto* text = static_cast<char*>(test_va(page)) + 128;
  const u64 argument = hypercall_address(text);
  const AttackOutcome called =
      attack(attack_hypercall, {.r9 = XENVER_extraversion, .r10 = argument, .r2 = __HYPERVISOR_xen_version});
  test_check(called.ended() && called.r8 == 0, "a hypercall: vector 0x%lx, %ld", called.vector,
             static_cast<long>(called.r8));
  test_check(attack(attack_load, {.r9 = XEN_IA64_XSI}).ended(), "the XSI has a key");
  const u64 end = system_time_ns(0) + 10 * ns_per_ms;
  while (system_time_ns(0) < end) hypercall_sched_op(SCHEDOP_yield, nullptr);
  refused("after all that", attack(attack_load, {.r9 = place(0)}), vector_data_key_miss, isr_r);
  keys(false);
  test_check(text[0] != 0, "the hypercall's answer is not there");
}

// VCPUs in turns: attack_outcome is one. Each has a register for the page that allows what the other's
// denies.
constexpr unsigned other = 1;
volatile unsigned turn;
volatile u64 others_wrong = 0;

u64 wrong_of(u64 denied) {
  const bool read = attack(attack_load, {.r9 = place(0)}).ended();
  const bool written = attack(attack_store, {.r8 = 0, .r9 = place(0) + 64}).ended();
  return read != !(denied & no_read) || written != !(denied & no_write);
}
void use_keys(u64 denied) {
  insert(page_key);
  set(0, pkr(0));
  set(3, pkr(7));
  set(5, pkr(page_key, valid | denied));
  keys(true);
}
void pass_turn(unsigned to, unsigned self) {
  turn = to;
  while (turn != self) hypercall_sched_op(SCHEDOP_yield, nullptr);
}
void on_other() {
  use_keys(no_write);
  for (;;) {
    others_wrong = others_wrong + wrong_of(no_write);
    pass_turn(0, other);
  }
}

void check_other_vcpu() {
  if (hypercall_vcpu_op(VCPUOP_is_up, other, nullptr) < 0) return;  // has none
  use_keys(no_read);
  u64 wrong = 0;
  turn = other;
  test_equal("the other VCPU", test_initialise_vcpu(other, on_other), 0);
  hypercall_vcpu_op(VCPUOP_up, other, nullptr);
  while (turn != 0) hypercall_sched_op(SCHEDOP_yield, nullptr);
  for (unsigned round = 0; round < 20; round++) {
    wrong += wrong_of(no_read);
    pass_turn(other, 0);
  }
  test_equal("accesses by the other VCPU's keys", static_cast<s64>(wrong), 0);
  test_equal("accesses of the other VCPU by ours", static_cast<s64>(others_wrong), 0);
  hypercall_vcpu_op(VCPUOP_down, other, nullptr);
  keys(false);
}
}  // namespace

void test_main() {
  events_disable(0);
  page = test_spare_frames(1);
  memcpy(test_va(page), attack_return, 16);
  check_registers();
  check_insertions();
  check_accesses();
  check_all_at_once();
  check_hypervisor();
  check_other_vcpu();
}
