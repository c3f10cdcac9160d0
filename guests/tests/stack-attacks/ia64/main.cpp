// The register stack, frames and the ways in: what the hypervisor meets when it is entered from a hostile
// kernel.
//
// Registers of a frame have their memory where ar.bspstore says: in the hypervisor, nowhere, in the XSI, at
// the end of addresses. The hypervisor takes the registers from the processor without looking there
// (docs/ia64-domains.md), so that hypercalls and emulated instructions work all the same and keep all 96;
// what the processor itself stores or loads there is a fault of the kernel's, with ISR.rs. rfi takes frames
// and PSRs that no processor has; they become ones that it has. A break is a hypercall or a hyperprivop with
// exactly these numbers at level 1, and a break instruction fault with any other, and with all of them at
// level 3. cr.iva's low bits do not count. What leaves no way out ends the domain: hypercall-fuzz (its
// deaths).
#include "guests/tests/lib/test.h"
#include "privileged.h"
#include "test/attack.h"

const char test_name[] = "stack-attacks";

extern "C" const u8 stack_keep[], stack_emulate[], stack_flush[], stack_break[], stack_load[], stack_rfi[],
    stack_ask_rfi[], stack_landing[];

namespace {
constexpr u64 nowhere = u64{4} << 61, code_va = u64{3} << 61, slot = 3;
constexpr u64 ifs_valid = u64{1} << 63;
Pfn page;

struct Place {
  const char* name;
  u64 address;
  u64 vector;  // of an access there
};
constexpr Place places[] = {
    {"the hypervisor", HYPERVISOR_VIRT_START + 0x1000, vector_page_not_present},
    {"its image", 0xf000000001000800, vector_page_not_present},
    {"its end", HYPERVISOR_VIRT_END - 8, vector_page_not_present},
    {"behind the XSI", XEN_IA64_XSI + XEN_IA64_XSI_BYTES + 8, vector_page_not_present},
    {"nowhere", nowhere + 0x10000, vector_alternate_dtlb},
    {"the end of addresses", ~u64{7}, vector_alternate_dtlb},
};

void stack_fault(const char* what, const Place& at, const AttackOutcome& found, u64 kind) {
  test_check(found.vector == at.vector && (found.isr & (isr_rs | isr_r | isr_w)) == (isr_rs | kind),
             "%s at %s: vector 0x%lx, isr 0x%lx, ifa 0x%lx", what, at.name, found.vector, found.isr,
             found.ifa);
}

void check_places() {
  for (const Place& at : places) {
    AttackOutcome found = attack(stack_keep, {.r8 = at.address, .r2 = __HYPERVISOR_xen_version});
    test_check(found.ended() && found.r8 == 0, "a hypercall at %s: vector 0x%lx, %lu registers", at.name,
               found.vector, found.r8);
    found = attack(stack_emulate, {.r8 = at.address});
    test_check(found.ended() && found.r8 == 0, "emulation at %s: vector 0x%lx, %lu registers", at.name,
               found.vector, found.r8);
    found = attack(stack_break, {.r8 = at.address});
    test_check(found.vector == vector_break && found.iim == 0x77, "a break at %s: vector 0x%lx", at.name,
               found.vector);
    stack_fault("registers stored", at, attack(stack_flush, {.r8 = at.address}), isr_w);
    stack_fault("registers loaded", at, attack(stack_load, {.r8 = at.address}), isr_r);
    const u8* const returns[] = {stack_rfi, stack_ask_rfi};
    for (const u8* way : returns)
      stack_fault("a frame loaded", at,
                  attack(way, {.r8 = at.address,
                               .r9 = reinterpret_cast<u64>(stack_landing),
                               .r10 = KERNEL_PSR,
                               .r11 = ifs_valid | 96 << 7 | 96}),
                  isr_r);
  }
}

// Of every place that NaT collections can have, and with low bits that are none of the register's.
void check_alignment() {
  u64 wrong = 0;
  for (u64 n = 0; n < 64; n++)
    for (u64 low = 0; low < 8; low += 7) {
      const u64 at = nowhere + 0x20000 + n * 8 + low;
      const AttackOutcome found = attack(stack_keep, {.r8 = at, .r2 = __HYPERVISOR_xen_version});
      wrong |= !found.ended() || found.r8 != 0 ? u64{1} << n : 0;
    }
  test_check(wrong == 0, "registers were lost with the stack at slots 0x%lx", wrong);
}

// sof, sol, sor, rrb.gr, rrb.fr, rrb.pr (SDM vol. 2 figure 6-2).
constexpr u64 frame(u64 sof, u64 sol, u64 sor, u64 gr = 0, u64 fr = 0, u64 pr = 0) {
  return ifs_valid | sof | sol << 7 | sor << 14 | gr << 18 | fr << 25 | pr << 32;
}

void check_returns() {
  constexpr u64 frames[] = {frame(97, 0, 0),
                            frame(127, 127, 15),
                            frame(8, 9, 0),
                            frame(8, 8, 2),
                            frame(16, 0, 1, 8),
                            frame(0, 0, 0, 127),
                            frame(0, 0, 0, 0, 96),
                            frame(0, 0, 0, 0, 0, 48),
                            ifs_valid | 0x3f << 25,
                            ~u64{0},
                            0,
                            u64{0x1ffffff} << 38};
  constexpr u64 psr_is = u64{1} << 34, psr_mc = u64{1} << 35, psr_vm = u64{1} << 46, psr_db = 1 << 24;
  constexpr u64 psrs[] = {psr_is,
                          psr_mc,
                          psr_vm,
                          psr_db,
                          u64{3} << PSR_RI_SHIFT,
                          ~u64{0} << 47,
                          u64{1} << PSR_CPL_SHIFT,
                          u64{1} << 63 | psr_is | psr_vm};
  const u8* const ways[] = {stack_rfi, stack_ask_rfi};
  const u64 landing = reinterpret_cast<u64>(stack_landing);
  const u64 stack = reinterpret_cast<u64>(test_va(page)) + page_bytes / 2;
  for (const u8* way : ways) {
    for (u64 ifs : frames) {
      const AttackOutcome found = attack(way, {.r8 = stack, .r9 = landing, .r10 = KERNEL_PSR, .r11 = ifs});
      test_check(found.ended(), "rfi with frame 0x%lx: vector 0x%lx, isr 0x%lx", ifs, found.vector,
                 found.isr);
    }
    for (u64 psr : psrs) {
      const AttackOutcome found =
          attack(way, {.r8 = stack, .r9 = landing, .r10 = KERNEL_PSR | psr, .r11 = ifs_valid});
      test_check(found.ended() && !(found.r8 & psr_db), "rfi with PSR bits 0x%lx: vector 0x%lx, isr 0x%lx",
                 psr, found.vector, found.isr);
    }
  }
}

// A bundle with break.m and its immediate, and behind it the way back.
void write_break(u64 immediate) {
  constexpr u64 nop = u64{1} << 27;
  const u64 instruction = (immediate & 0xfffff) << 6 | (immediate >> 20 & 1) << 36;
  auto* const bundle = static_cast<u64*>(test_va(page));
  bundle[0] = instruction << 5 | nop << 46;
  bundle[1] = nop >> 18 | nop << 23;
  memcpy(bundle + 2, attack_return, 16);
}

bool is_break(const AttackOutcome& found, u64 immediate, u64 level) {
  return found.vector == vector_break && found.iim == immediate && found.iip == code_va &&
         (found.ipsr >> PSR_CPL_SHIFT & 3) == level;
}

void map_code(u64 level) {
  constexpr u64 level_shift = 7;
  const AttackRegisters r{
      .r8 = attack_pte(page) | level << level_shift, .r9 = code_va, .r10 = slot, .r11 = attack_itir(0)};
  test_check(attack(attack_itr_i, r).ended(), "the page of breaks cannot be mapped");
}

void check_breaks() {
  constexpr u64 last_hyperprivop = 0x1a;
  constexpr u64 nobodys[] = {0,        last_hyperprivop + 1,
                             0x1f,     0x20,
                             0xff,     0xfff,
                             0x1001,   0x7fff,
                             0x80000,  0x81000,
                             0x100000, 0x101000,
                             0x1fffff};
  map_code(0);
  for (u64 n : nobodys) {
    write_break(n);
    const AttackOutcome found = attack(attack_call, {.r9 = code_va});
    test_check(is_break(found, n, 0), "break 0x%lx: vector 0x%lx, iim 0x%lx", n, found.vector, found.iim);
  }
  map_code(USER_LEVEL);
  const u64 stack = reinterpret_cast<u64>(test_va(page)) + page_bytes / 2;
  const u64 user_psr = KERNEL_PSR | u64{USER_LEVEL} << PSR_CPL_SHIFT;
  const auto from_user = [&](u64 n, u64 memory) {
    write_break(n);
    const AttackOutcome found = attack(
        stack_rfi,
        {.r8 = memory, .r9 = code_va, .r10 = user_psr, .r11 = ifs_valid, .r2 = __HYPERVISOR_xen_version});
    test_check(is_break(found, n, USER_LEVEL), "break 0x%lx at level 3: vector 0x%lx, iim 0x%lx", n,
               found.vector, found.iim);
  };
  for (u64 n = 0; n <= last_hyperprivop + 1; n++) from_user(n, stack);
  for (u64 n : nobodys) from_user(n, stack);
  from_user(HYPERCALL_BREAK, stack);
  for (const Place& at : places) from_user(SYSCALL_BREAK, at.address);
  attack(attack_ptr_i, {.r9 = code_va, .r11 = attack_itir(0)});
}

// Handlers at an address that is no multiple of 32 KiB are those at the multiple below.
volatile unsigned handled;
bool on_trap(TrapFrame* found) {
  if (found->vector != vector_break) return false;
  handled = handled + 1;
  found->skip();
  return true;
}

void check_vectors() {
  const u64 before = PRIVILEGED_READ("cr.iva");
  constexpr u64 low_bits[] = {1, 0x10, 0x400, 0x7fff};
  test_on_trap(on_trap);
  for (u64 low : low_bits) {
    PRIVILEGED_WRITE("cr.iva", before | low);
    asm volatile("break.m 0x78;;" ::: "memory");
  }
  PRIVILEGED_WRITE("cr.iva", before);
  test_equal("interruptions with cr.iva not aligned", handled, count_of(low_bits));
}
}  // namespace

void test_main() {
  events_disable(0);
  page = test_spare_frames(1);
  check_places();
  check_alignment();
  check_returns();
  check_breaks();
  check_vectors();
}
