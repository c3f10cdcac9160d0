// Proves: stores to code take effect whichever way they come: to another function, to the instruction just
// ahead, through an alias of the page, across a page boundary, by a string instruction, over and over; and
// a page-table change brings other code to the same address.
#include "tests/isa/lib/descriptors.h"
#include "tests/isa/lib/main.h"
#include "tests/isa/lib/paging.h"
#include "tests/isa/lib/text.h"
#include "tests/isa/lib/trap.h"

extern "C" void* memcpy(void*, const void*, unsigned long);

using namespace isa;

namespace {

using Function = u64 (*)();
constexpr u64 code_va = test_va, alias_va = test_va + 0x200000;

alignas(4096) u8 frames[3][4096];

/// mov $value, %eax; ret
void write_function(volatile u8* to, u32 value) {
  to[0] = 0xb8;
  for (unsigned i = 0; i < 4; ++i) to[1 + i] = static_cast<u8>(value >> 8 * i);
  to[5] = 0xc3;
}
u64 call(u64 va) { return reinterpret_cast<Function>(va)(); }
volatile u8* bytes(u64 va) { return reinterpret_cast<volatile u8*>(va); }

void same_address() {
  print("-- patched through its own address\n");
  u64 sum = 0;
  for (u32 i = 0; i < 300; ++i) {
    write_function(bytes(code_va), i);
    sum += call(code_va);
  }
  print("sum of 0..299: ", sum, "\n");
  u64 wrong = 0;
  for (u32 i = 0; i < 300; ++i) {
    bytes(code_va)[1] = static_cast<u8>(i);
    wrong += call(code_va) != ((299 & 0xff00) | (i & 0xff));
  }
  print("one byte at a time, wrong: ", wrong, "\n");
}

void through_an_alias() {
  print("-- patched through an alias\n");
  u64 wrong = 0;
  for (u32 i = 0; i < 300; ++i) {
    write_function(bytes(alias_va + 64), i);
    wrong += call(code_va + 64) != i;
    write_function(reinterpret_cast<u8*>(frames[0]) + 64, i + 1000);
    wrong += call(code_va + 64) != i + 1000;
    wrong += call(alias_va + 64) != i + 1000;
  }
  print("wrong: ", wrong, "\n");
}

extern "C" {
u64 ahead_result;
}
/// Stores into the immediate of the very next instruction, in one straight line.
ISA_CODE(patch_ahead, R"(
        movb %dil, 1f+1(%rip)
1:      movl $0, %eax
        movq %rax, ahead_result)");
/// Walks over its own tail: each round overwrites the increment that follows.
ISA_CODE(patch_loop, R"(
        xorl %eax, %eax
        movl $10, %ecx
1:      movb %cl, 2f+2(%rip)
2:      addl $0, %eax
        decl %ecx
        jnz 1b
        movq %rax, ahead_result)");

void just_ahead() {
  print("-- the next instruction\n");
  for (u64 value : {7u, 9u, 100u}) {
    probe(ring0, patch_ahead, value);
    print(ahead_result, " ");
  }
  probe(ring0, patch_loop);
  print("and 10+9+...+1 = ", ahead_result, "\n");
}

void by_string_instruction() {
  print("-- copied over itself\n");
  u8 one[6], two[6];
  write_function(one, 111);
  write_function(two, 222);
  u64 sum = 0;
  for (unsigned i = 0; i < 20; ++i) {
    memcpy(reinterpret_cast<void*>(code_va + 128), i % 2 == 0 ? one : two, 6);
    sum += call(code_va + 128);
  }
  print("sum: ", sum, "\n");
}

void across_pages() {
  print("-- across a page boundary\n");
  const u64 start = code_va + 4096 - 3;
  u64 wrong = 0;
  for (u32 i = 0; i < 100; ++i) {
    const u32 value = i * 0x01010101u;
    write_function(bytes(start), value);
    wrong += call(start) != value;
    bytes(alias_va + 4096)[0] = static_cast<u8>(i ^ 0x55);  // only the second page's part: bits 23:16
    wrong += call(start) != ((value & 0xff00ffff) | (i ^ 0x55u) << 16);
  }
  print("wrong: ", wrong, "\n");
}

void other_frame() {
  print("-- another frame at the same address\n");
  write_function(frames[0] + 256, 10);
  write_function(frames[2] + 256, 20);
  u64 sum = 0;
  for (unsigned i = 0; i < 100; ++i) {
    map(code_va, address_of(frames[i % 2 == 0 ? 0 : 2]));
    sum += call(code_va + 256);
  }
  map(code_va, address_of(frames[0]));
  print("sum: ", sum, "\n");
  write_cr3(read_cr3());
  print("after a CR3 reload: ", call(code_va + 256), "\n");
}

void from_ring_3() {
  print("-- at ring 3\n");
  u64 wrong = 0;
  for (u32 i = 0; i < 50; ++i) {
    write_function(bytes(alias_va + 512), i);
    const Trap trap = probe(ring3, reinterpret_cast<Code>(code_va + 512));
    wrong += trap.frame.rax != i;
  }
  print("wrong: ", wrong, "\n");
}

}  // namespace

void isa_main() {
  set_gate_dpl(done_vector, 3);
  for (unsigned n = 0; n < 2; ++n) {
    map(code_va + n * 4096, address_of(frames[n]));
    map(alias_va + n * 4096, address_of(frames[n]));
  }
  same_address();
  through_an_alias();
  just_ahead();
  by_string_instruction();
  across_pages();
  other_frame();
  from_ring_3();
}
