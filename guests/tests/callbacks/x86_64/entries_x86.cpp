#include "guests/tests/callbacks/entries.h"

extern "C" {
void event_callback();  // arch/x86_64/traps.S
void failsafe_callback();
void syscall_callback();
void other_event_callback();  // entry.S: counts, then goes on in event_callback
void return_badly();          // entry.S: ends in keep_failsafe_frame
void keep_failsafe_frame();
extern volatile u64 failsafe_frame[11];
extern char bad_return_address[];
}

const u64 bad_entry = 0x8000000000000000ull;  // not canonical
const unsigned arch_assists[] = {VMASST_TYPE_writable_pagetables, VMASST_TYPE_pae_extended_cr3,
                                 VMASST_TYPE_runstate_update_flag, no_assist};
const char* const arch_capability = "xen-3.0-x86_64";

namespace {
long unregister(u16 type) {
  callback_unregister_t op{type, 0};
  return hypercall_callback_op(CALLBACKOP_unregister, &op);
}
long set_callbacks(u64 event) {
  return arch_hypercall(__HYPERVISOR_set_callbacks, event, reinterpret_cast<u64>(failsafe_callback),
                        reinterpret_cast<u64>(syscall_callback));
}
// rcx r11 ds es fs gs rip cs rflags rsp ss (<xen/arch-x86/xen-x86_64.h>; Linux' xen_failsafe_callback)
void check_failsafe_frame() {
  callback_register_t op{CALLBACKTYPE_failsafe, CALLBACKF_mask_events,
                         reinterpret_cast<u64>(keep_failsafe_frame)};
  test_equal("failsafe callback", hypercall_callback_op(CALLBACKOP_register, &op), 0);
  u64 ds, es, fs, gs;
  asm volatile("mov %%ds, %0; mov %%es, %1; mov %%fs, %2; mov %%gs, %3"
               : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
  return_badly();
  const u64 segments[] = {ds, es, fs, gs};
  for (unsigned i = 0; i < 4; i++)
    test_check((failsafe_frame[2 + i] & 0xffff) == (segments[i] & 0xffff), "data segment %u: 0x%lx", i,
               failsafe_frame[2 + i]);
  test_check(failsafe_frame[6] == reinterpret_cast<u64>(bad_return_address), "rip 0x%lx", failsafe_frame[6]);
  test_equal("cs", static_cast<s64>(failsafe_frame[7] & 0xfffc), 0);
  test_check(failsafe_frame[9] % 16 == 8, "rsp 0x%lx", failsafe_frame[9]);  // as behind a call
}

}  // namespace

u64 first_entry() { return reinterpret_cast<u64>(event_callback); }

// A bad address after that changes nothing.
void set_other_entry() {
  test_equal("set_callbacks", set_callbacks(reinterpret_cast<u64>(other_event_callback)), 0);
  set_callbacks(bad_entry);
}

void check_frame(const TrapFrame& seen) {
  const u64 sp = arch_stack_pointer();
  test_check(!seen.from_user() && (seen.cs & 0xfffc) == (FLAT_KERNEL_CS & 0xfffc), "cs 0x%lx", seen.cs);
  test_equal("saved upcall mask", static_cast<s64>(seen.cs >> 32 & 0xff), 0);
  test_check(seen.rflags & 1 << 9, "RFLAGS.IF is clear though upcalls were unmasked");
  test_check(seen.rip >= test_virt_base && seen.rip < test_virt_base + 16 * MiB, "rip 0x%lx", seen.rip);
  test_check(seen.rsp <= sp + 4096 && seen.rsp > sp - 4096, "rsp 0x%lx, is about 0x%lx", seen.rsp, sp);
}

void check_arch_callbacks() {
  test_equal("unregister the event callback", unregister(CALLBACKTYPE_event), -XEN_EINVAL);
  test_equal("unregister the NMI callback", unregister(CALLBACKTYPE_nmi), 0);
  check_failsafe_frame();
}

bool arch_features_good(u32 features) {
  const unsigned wanted =
      guest_is_translated() ? XENFEAT_writable_page_tables : XENFEAT_mmu_pt_update_preserve_ad;
  return features >> wanted & 1;
}
