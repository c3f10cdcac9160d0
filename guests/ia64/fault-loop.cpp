// A mistake that is easily made: an interruption before there are handlers. The vector table lies in memory
// full of zeroes, which are break instructions: each faults again in the handler of the one before.
#include "guests/ia64/lib/bare.h"

int main() {
  BARE_WRITE("cr.iva", 0x1000000);
  *reinterpret_cast<volatile uint64_t*>(uint64_t{1} << 60) = 0;  // not a physical address
  return 0;
}
