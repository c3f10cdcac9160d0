#include "tests/isa/lib/apic.h"
#include "tests/isa/lib/descriptors.h"
#include "tests/isa/lib/main.h"
#include "tests/isa/lib/text.h"

extern "C" void isa_start() {
  isa::build_descriptors();
  isa::load_descriptors(0);
  isa::mask_pic();
  isa_main();
  isa::print("done\n");
  isa::leave(0);
}

/// The compiler may call these even when nobody wrote the call.
extern "C" void* memset(void* to, int value, unsigned long size) {
  asm volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
  return to;
}
extern "C" void* memcpy(void* to, const void* from, unsigned long size) {
  void* d = to;
  asm volatile("rep movsb" : "+D"(d), "+S"(from), "+c"(size)::"memory");
  return to;
}
