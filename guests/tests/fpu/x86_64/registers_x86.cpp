#include "guests/tests/fpu/registers.h"

namespace {
constexpr u64 trap_device_not_available = 7;
constexpr u16 own_control = 0x27f, initial_control = 0x37f;  // precision 53 bits; FNINIT
constexpr u32 own_mxcsr = 0x3f80, initial_mxcsr = 0x1f80;    // rounding down; reset

volatile unsigned not_available;

struct FpuState {
  u64 xmm0, xmm15;
  u16 control;
  u32 mxcsr;
};

void load(const FpuState& s) {
  asm volatile("movq %0, %%xmm0\n movq %1, %%xmm15\n fldcw %2\n ldmxcsr %3"
               :
               : "m"(s.xmm0), "m"(s.xmm15), "m"(s.control), "m"(s.mxcsr));
}
FpuState store() {
  FpuState s{};
  asm volatile("movq %%xmm0, %0\n movq %%xmm15, %1\n fnstcw %2\n stmxcsr %3"
               : "=m"(s.xmm0), "=m"(s.xmm15), "=m"(s.control), "=m"(s.mxcsr));
  return s;
}

const char* changed(u64 value, u16 control, u32 mxcsr) {
  const FpuState s = store();
  return s.xmm0 != value        ? "xmm0"
         : s.xmm15 != ~value    ? "xmm15"
         : s.control != control ? "the control word"
         : s.mxcsr != mxcsr     ? "MXCSR"
                                : nullptr;
}

void task_switch(bool set) {
  test_equal("fpu_taskswitch", arch_hypercall(__HYPERVISOR_fpu_taskswitch, set), 0);
}
}  // namespace

void load_registers(u64 value) { load({value, ~value, own_control, own_mxcsr}); }
const char* changed_register(u64 value) { return changed(value, own_control, own_mxcsr); }
void load_other_registers(u64 value) { load({value, ~value, initial_control, initial_mxcsr}); }
const char* changed_other_register(u64 value) { return changed(value, initial_control, initial_mxcsr); }
const char* bad_initial_register() {
  const FpuState s = store();
  return s.control != initial_control ? "the control word" : s.mxcsr != initial_mxcsr ? "MXCSR" : nullptr;
}

bool on_first_use(TrapFrame* frame) {
  if (frame->vector != trap_device_not_available) return false;
  not_available = not_available + 1;
  return true;
}
void ask_for_trap() { task_switch(true); }
unsigned traps_of_use() {
  not_available = 0;
  asm volatile("fnop");
  asm volatile("fnop");
  return not_available;
}

void check_lazy_use() {
  test_equal("FPU without TS", traps_of_use(), 0);
  task_switch(true);
  test_equal("TS set: one #NM", traps_of_use(), 1);
  task_switch(true);
  task_switch(true);
  test_equal("TS set twice: one #NM", traps_of_use(), 1);
  task_switch(true);
  task_switch(false);
  test_equal("TS set and cleared", traps_of_use(), 0);
  task_switch(false);
  test_equal("TS cleared again", traps_of_use(), 0);
}
