#include "guests/tests/lib/touch.h"

namespace {
constexpr unsigned isr_write_bit = 33;
bool expected;
Touch seen;

// A call that faults at its target has made its frame already: it goes on as if it had come back.
void come_back(TrapFrame* frame) {
  constexpr u64 frame_valid = u64{1} << 63, frame_bits = (u64{1} << 38) - 1;
  frame->iip = frame->br[0];
  frame->ipsr &= ~(u64{3} << PSR_RI_SHIFT);
  frame->ifs = frame_valid | (frame->pfs & frame_bits);
}

bool on_fault(TrapFrame* frame) {
  if (!expected || !test_is_page_fault(frame)) return false;
  seen.faulted = true;
  seen.error = frame->isr;
  seen.absent = frame->vector == vector_page_not_present;
  seen.write = frame->isr >> isr_write_bit & 1;
  seen.address = frame->ifa;
  expected = false;
  if (frame->iip == frame->ifa)
    come_back(frame);
  else
    frame->skip();
  return true;
}

void expect_fault() {
  test_on_trap(on_fault);
  seen = {};
  expected = true;
}
}  // namespace

Touch touch_read(const volatile void* va) {
  expect_fault();
  u64 value = 0;
  asm volatile("ld8 %0 = [%1]\n;;" : "+r"(value) : "r"(va) : "memory");
  expected = false;
  seen.value = value;
  return seen;
}

Touch touch_write(volatile void* va, u64 value) {
  expect_fault();
  asm volatile("st8 [%0] = %1\n;;" : : "r"(va), "r"(value) : "memory");
  expected = false;
  return seen;
}

Touch touch_execute(const volatile void* va) {
  const struct {
    u64 code, gp;
  } descriptor = {reinterpret_cast<u64>(va), 0};  // what lies there is no C++ and needs no gp
  u64 made = reinterpret_cast<u64>(&descriptor);
  asm volatile("" : "+r"(made)::"memory");  // the compiler believes that descriptors never change
  expect_fault();
  reinterpret_cast<void (*)()>(made)();
  expected = false;
  return seen;
}
