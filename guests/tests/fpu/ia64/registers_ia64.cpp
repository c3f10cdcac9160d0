// This guest is compiled without f2 to f5 and f16 to f127: they hold what is put there by hand. The
// hypervisor moves f32 to f127 only when a VCPU has used them.
#include "guests/tests/fpu/registers.h"

namespace {
constexpr u64 psr_dfh = 1 << 19;
constexpr u64 round_down = 0x400;  // sf0.rc, of FPSR_DEFAULT's 0
constexpr u64 own_fpsr = FPSR_DEFAULT | round_down;
constexpr u64 isr_high = 2;  // ISR.code of a Disabled FP-Register fault: f32 to f127

volatile unsigned disabled;

#define EACH_REGISTER(what) what(f2) what(f16) what(f31) what(f32) what(f64) what(f127)
constexpr unsigned registers = 6;

void load(u64 value, u64 fpsr) {
  u64 n = 0;
#define LOAD(register) asm volatile("setf.sig " #register " = %0" ::"r"(value + n++));
  EACH_REGISTER(LOAD)
  asm volatile("mov ar.fpsr = %0" ::"r"(fpsr));
}

struct FpuState {
  u64 significand[registers], fpsr;
};
FpuState store() {
  FpuState s;
  u64 n = 0;
#define STORE(register) asm volatile("getf.sig %0 = " #register : "=r"(s.significand[n++]));
  EACH_REGISTER(STORE)
  asm volatile("mov %0 = ar.fpsr" : "=r"(s.fpsr));
  return s;
}

const char* changed(u64 value, u64 fpsr) {
#define NAME(register) #register,
  static const char* const names[] = {EACH_REGISTER(NAME)};
  const FpuState s = store();
  for (unsigned n = 0; n < registers; n++)
    if (s.significand[n] != value + n) return names[n];
  return s.fpsr != fpsr ? "ar.fpsr" : nullptr;
}

void set_dfh() { asm volatile("ssm %0;; srlz.d;;" ::"i"(psr_dfh)); }
void clear_dfh() { asm volatile("rsm %0;; srlz.d;;" ::"i"(psr_dfh)); }
}  // namespace

void load_registers(u64 value) { load(value, own_fpsr); }
const char* changed_register(u64 value) { return changed(value, own_fpsr); }
void load_other_registers(u64 value) { load(value, FPSR_DEFAULT); }
const char* changed_other_register(u64 value) { return changed(value, FPSR_DEFAULT); }
// As described for it (test_describe_vcpu): zeros.
const char* bad_initial_register() {
  const FpuState s = store();
  for (u64 significand : s.significand)
    if (significand) return "a register of floating point";
  return s.fpsr != FPSR_DEFAULT ? "ar.fpsr" : nullptr;
}

bool on_first_use(TrapFrame* frame) {
  if (frame->vector != vector_disabled_float || !(frame->isr & isr_high)) return false;
  disabled = disabled + 1;
  frame->ipsr &= ~psr_dfh;
  return true;
}
void ask_for_trap() { set_dfh(); }
// Its value stays.
unsigned traps_of_use() {
  disabled = 0;
  asm volatile("mov f100 = f100\n;;\nmov f101 = f101\n;;");
  return disabled;
}

void check_lazy_use() {
  test_equal("high registers without PSR.dfh", traps_of_use(), 0);
  set_dfh();
  test_equal("PSR.dfh set: one fault", traps_of_use(), 1);
  set_dfh();
  set_dfh();
  test_equal("PSR.dfh set twice: one fault", traps_of_use(), 1);
  set_dfh();
  clear_dfh();
  test_equal("PSR.dfh set and cleared", traps_of_use(), 0);
  set_dfh();
  disabled = 0;
  asm volatile("mov f31 = f31\n;;");
  test_equal("low registers with PSR.dfh", disabled, 0);
  clear_dfh();
}
