#include "guests/lib/call_chain.h"

#include "arch_cpu.h"
#include "guests/lib/console.h"

extern "C" const u8 image_start[], image_end[];

namespace {
constexpr unsigned depth_max = 24;

// What `push rbp; mov rbp, rsp` leaves (System V ABI, 3.2.2); every function here has it.
struct Frame {
  u64 caller_frame;
  u64 return_address;
};

bool in_stack(u64 frame, u64 lowest) {
  u64 end = align_down(lowest, stack_bytes) + stack_bytes;
  return frame % sizeof(u64) == 0 && frame >= lowest && frame <= end - sizeof(Frame);
}

bool in_image(u64 address) {
  return address >= reinterpret_cast<u64>(image_start) && address < reinterpret_cast<u64>(image_end);
}
}  // namespace

void print_call_chain(u64 frame) {
  u64 lowest = arch_stack_pointer();
  for (unsigned depth = 0; depth < depth_max && in_stack(frame, lowest); depth++) {
    const Frame& f = *reinterpret_cast<const Frame*>(frame);
    if (!in_image(f.return_address)) return;
    print_code_address(f.return_address);
    lowest = frame + sizeof(Frame);  // callers lie higher: a loop in a broken chain ends here
    frame = f.caller_frame;
  }
}
