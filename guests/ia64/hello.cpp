// The first program of the bare IA-64 machine. It proves the entry (physical mode), the
// console as memory and the exit port behind the I/O port space: it prints one line and leaves with 0.
#include "guests/ia64/lib/bare.h"

using namespace bare;

namespace {

u64 second_half() {
  u64 value;
  asm volatile("mov %0 = cpuid[%1]" : "=r"(value) : "r"(u64{1}));
  return value;
}

}  // namespace

int main() {
  const u64 psr = BARE_READ("psr"), vendor[] = {BARE_READ("cpuid[r0]"), second_half()};
  constexpr u64 translation = u64{1} << 36 | u64{1} << 27 | u64{1} << 17;  // it, rt, dt
  char name[17] = {};
  for (unsigned i = 0; i < 16; ++i) name[i] = static_cast<char>(vendor[i / 8] >> 8 * (i % 8));
  print("hello from IA-64: ", name, " in ", (psr & translation) == 0 ? "physical" : "virtual", " mode\n");
  return 0;
}
