// Back from wherever a hostile call has led.
#include "guests/tests/hypercall-fuzz/x86_64/processor.h"

extern "C" {
long enter_hypervisor(const Call* call, u64 stack);
bool touch_word(u64 address, bool write, u64 bits);
void rescue_landing();
extern char touch_write[], touch_read[], touch_failed[];
extern u64 rescue_stack;
}

unsigned exceptions_met;

namespace {
constexpr u64 kernel_code_segment = FLAT_KERNEL_CS & ~3;  // level 0: the kernel goes on (iret hypercall)
constexpr u64 plain_flags = 0x202;
constexpr u64 trap_debug = 1;

alignas(stack_bytes) u8 stack_for_user_mode[stack_bytes];

u64 address_of(const void* p) { return reinterpret_cast<u64>(p); }

void take_upcall(vcpu_info_t& info) {
  __atomic_store_n(&info.evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
  __atomic_exchange_n(&info.evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
}
}  // namespace

void restore_kernel_stack() {
  arch_hypercall(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, address_of(stack_for_user_mode + stack_bytes));
}

long make_call(const Call& call) {
  return enter_hypervisor(&call, call.number == __HYPERVISOR_iret ? hostile_iret_stack() : 0);
}
long make_call_on_stack(const Call& call, u64 stack) { return enter_hypervisor(&call, stack); }
bool touch(u64 address, bool write) { return touch_word(address, write, 0); }
bool set_bits(u64 address, u64 bits) { return touch_word(address, true, bits); }

bool recover(TrapFrame* frame) {
  if (frame->rip == address_of(touch_write) || frame->rip == address_of(touch_read)) {
    frame->rip = address_of(touch_failed);
    return true;
  }
  if (frame->vector == trap_event && !frame->from_user()) {
    take_upcall(vcpu_info_of(0));
    return true;
  }
  if (frame->vector == trap_event) take_upcall(vcpu_info_of(0));
  exceptions_met++;
  if (frame->vector == trap_debug) {  // a breakpoint of a hostile set_debugreg
    arch_hypercall(__HYPERVISOR_set_debugreg, 7, 0x400);
    if (rescue_stack == 0) return true;
  }
  if (rescue_stack == 0) return false;
  frame->rip = address_of(reinterpret_cast<const void*>(rescue_landing));
  frame->cs = kernel_code_segment;
  frame->rflags = plain_flags;
  frame->rsp = rescue_stack;
  frame->ss = FLAT_KERNEL_SS;
  frame->rax = static_cast<u64>(-XEN_EFAULT);
  return true;
}
