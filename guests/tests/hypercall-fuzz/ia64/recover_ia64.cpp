// Back from wherever a hostile call or instruction has led.
#include "guests/tests/hypercall-fuzz/ia64/processor.h"
#include "privileged.h"

extern "C" {
extern u64 rescue;
extern const char hostile_landing[], touch_begin[], touch_end[], touch_failed[];
bool touch_word(u64 address, bool write, u64 bits);
}

unsigned exceptions_met;

namespace {
u64 address_of(const char* label) { return reinterpret_cast<u64>(label); }

void go_on_at(TrapFrame* frame, const char* label) {
  frame->iip = address_of(label);
  frame->ipsr = KERNEL_PSR;
}

// Whatever calls: event channels, and interrupts of the virtual local SAPIC that hostile writes have asked
// for.
void take_interrupts() {
  constexpr u64 spurious = 15, most = 256;
  vcpu_info_t& info = vcpu_info_of(0);
  __atomic_store_n(&info.evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
  __atomic_exchange_n(&info.evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
  write_timer_vector(u64{1} << 16);  // masked
  write_task_priority(0);
  for (u64 n = 0; n < most && interrupt_acknowledge() != spurious; n++) interrupt_end();
}
}  // namespace

bool touch(u64 address, bool write) { return touch_word(address, write, 0); }
bool set_bits(u64 address, u64 bits) { return touch_word(address, true, bits); }

bool recover(TrapFrame* frame) {
  if (frame->vector == trap_event) {
    take_interrupts();
    return true;
  }
  if (frame->iip >= address_of(touch_begin) && frame->iip < address_of(touch_end)) {
    go_on_at(frame, touch_failed);
    return true;
  }
  exceptions_met++;
  if (rescue == 0) return false;
  go_on_at(frame, hostile_landing);
  return true;
}
