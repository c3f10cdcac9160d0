#include "guests/tests/lib/touch.h"

namespace {
u64 resume;
Touch seen;

bool on_fault(TrapFrame* frame) {
  if (frame->vector != trap_page_fault || !resume) return false;
  seen.faulted = true;
  seen.error = frame->error;
  seen.absent = !(frame->error & 1);
  seen.write = frame->error & 2;
  seen.address = arch_fault_address(0);
  frame->rip = resume;
  return true;
}

void expect_fault() {
  test_on_trap(on_fault);
  seen = {};
}
}  // namespace

Touch touch_read(const volatile void* va) {
  expect_fault();
  u64 value = 0;
  asm volatile("leaq 1f(%%rip), %%rax\n movq %%rax, %1\n movq (%2), %0\n 1:"
               : "+&r"(value), "=m"(resume)
               : "r"(va)
               : "rax", "memory");
  resume = 0;
  seen.value = value;
  return seen;
}

Touch touch_write(volatile void* va, u64 value) {
  expect_fault();
  asm volatile("leaq 1f(%%rip), %%rax\n movq %%rax, %0\n movq %2, (%1)\n 1:"
               : "=m"(resume)
               : "r"(va), "r"(value)
               : "rax", "memory");
  resume = 0;
  return seen;
}

// A call that faults at its target has pushed the return address already: the stack pointer is put right.
Touch touch_execute(const volatile void* va) {
  expect_fault();
  asm volatile("leaq 1f(%%rip), %%rax\n movq %%rax, %0\n movq %%rsp, %%rbx\n call *%1\n 1: movq %%rbx, %%rsp"
               : "=m"(resume)
               : "r"(va)
               : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
  resume = 0;
  return seen;
}
