// Proves: the walker sets A on every level and D on the leaf, and only when it must; NX, R/W, U/S at each
// level, CR0.WP, EFER.NXE and reserved bits decide as SDM vol. 3A 4.6 says, with the error codes of 4.7;
// 2 MiB and 1 GiB pages translate; a translation lives until it is invalidated by INVLPG, MOV to CR3 or a
// toggle of CR4.PGE, each with its own reach; an access that crosses pages faults on the right one.
#include "tests/isa/lib/paging.h"

#include "tests/isa/lib/descriptors.h"
#include "tests/isa/lib/main.h"
#include "tests/isa/lib/text.h"
#include "tests/isa/lib/trap.h"

using namespace isa;

namespace {

ISA_CODE(load, "movq (%rdi), %rax");
ISA_CODE(store, "movq %rdi, (%rdi)");
ISA_CODE(increment, "addq $1, (%rdi)");
ISA_CODE(call_there, "call *%rdi");
ISA_CODE(exchange, "lock; cmpxchgq %rcx, (%rdi)");

constexpr u64 va = test_va + 0x5000;
constexpr u64 ret_opcode = 0xc3;

alignas(4096) u64 frame_a[512], frame_b[512];

const char* kind_name(Code code) { return code == load ? "load" : code == store ? "store" : "fetch"; }

void show_bits(const char* what) {
  print(what, ":");
  for (unsigned level = 4; level >= 1; --level) {
    const u64 e = entry(va, level);
    print(" L", level, (e & pte::a) != 0 ? " A" : " -", (e & pte::d) != 0 ? "D" : "");
  }
  print("\n");
}

/// vector, error code, CR2 as an offset, and whether the saved RIP is where it should be.
void try_access(const char* what, Ring ring, Code code, u64 address) {
  const Trap trap = probe(ring, code, address);
  print(what, " ", kind_name(code), " at ring ", static_cast<unsigned>(ring), ": ");
  if (!trap.taken || trap.frame.vector == done_vector) return print("allowed\n");
  const bool fetch = code == call_there;
  print(vector_name(trap.frame.vector), " err=", hex(trap.frame.error), " cr2=+", hex(trap.cr2 - va), " rip ",
        trap.frame.rip == (fetch ? address : reinterpret_cast<u64>(code)) ? "right" : "wrong", "\n");
}

void try_all(const char* what, u64 address = va) {
  for (Ring ring : {ring0, ring3}) {
    for (Code code : {load, store, call_there}) {
      frame_a[0] = ret_opcode;  // the store before this wrote over it
      try_access(what, ring, code, address);
    }
  }
}

void fresh(u64 flags) {
  for (unsigned level = 4; level > 1; --level)
    entry(va, level) = (entry(va, level) & pte::address) | pte::p | pte::w | pte::u;
  map(va, address_of(frame_a), flags);
  write_cr3(read_cr3());
}

void accessed_and_dirty() {
  print("-- A and D\n");
  fresh(pte::p | pte::w | pte::u);
  show_bits("untouched");
  touch(va);
  show_bits("after a load");
  at(va) = ret_opcode;
  show_bits("after a store");
  fresh(pte::p | pte::w | pte::u);
  at(va) = ret_opcode;
  show_bits("after a first store");
  fresh(pte::p | pte::w | pte::u);
  probe(ring3, call_there, va);
  show_bits("after a fetch");
  fresh(pte::p | pte::u);
  probe(ring3, store, va);
  show_bits("after a store that faulted");
  fresh(pte::p | pte::w);
  probe(ring3, load, va);
  show_bits("after a load that faulted");
  fresh(0);
  probe(ring0, load, va);
  show_bits("after a load of a page that is not present");
  fresh(pte::p | pte::w | pte::u);
  probe(ring0, exchange, va);
  show_bits("after a locked compare that failed");
  fresh(pte::p | pte::w | pte::u | pte::a | pte::d);
  at(va) = ret_opcode;
  entry(va, 1) = entry(va, 1) & ~(pte::a | pte::d);
  invlpg(reinterpret_cast<void*>(va));
  touch(va);
  show_bits("cleared, invalidated, loaded");
  at(va) = ret_opcode;
  show_bits("then stored");
}

void rights() {
  print("-- rights of the leaf\n");
  static const struct {
    const char* name;
    u64 flags;
  } cases[] = {{"rwxu", pte::p | pte::w | pte::u},
               {"r-xu", pte::p | pte::u},
               {"rw-u", pte::p | pte::w | pte::u | pte::nx},
               {"r--u", pte::p | pte::u | pte::nx},
               {"rwx-", pte::p | pte::w},
               {"r-x-", pte::p},
               {"rw--", pte::p | pte::w | pte::nx},
               {"r---", pte::p | pte::nx},
               {"none", 0}};
  frame_a[0] = ret_opcode;
  for (const auto& c : cases) {
    fresh(c.flags);
    try_all(c.name);
  }
  print("-- rights of the levels above\n");
  for (unsigned level = 2; level <= 4; ++level) {
    for (u64 change : {pte::w, pte::u, pte::nx}) {
      fresh(pte::p | pte::w | pte::u);
      entry(va, level) = entry(va, level) ^ change;
      write_cr3(read_cr3());
      print("level ", level,
            change == pte::w   ? " read-only\n"
            : change == pte::u ? " supervisor\n"
                               : " no execute\n");
      try_all("");
    }
  }
  fresh(pte::p | pte::w | pte::u);
}

void write_protect() {
  print("-- CR0.WP\n");
  fresh(pte::p | pte::u);
  const u64 cr0 = read_cr0(), wp = 0x10000;
  write_cr0(cr0 & ~wp);
  try_access("WP off,", ring0, store, va);
  show_bits("D through a read-only entry");
  try_access("WP off,", ring3, store, va);
  write_cr0(cr0 | wp);
  try_access("WP on,", ring0, store, va);
}

void no_execute_enable() {
  print("-- EFER.NXE\n");
  const u64 efer = read_msr(msr::efer), nxe = 0x800;
  fresh(pte::p | pte::w | pte::u | pte::nx);
  write_msr(msr::efer, efer & ~nxe);
  write_cr3(read_cr3());
  try_all("~ NXE off, XD set:");
  fresh(0);
  try_access("NXE off, not present:", ring3, call_there, va);
  write_msr(msr::efer, efer);
  try_access("NXE on, not present:", ring3, call_there, va);
}

/// TCG leaves P clear in these error codes; the SDM says RSVD comes with P only.
void reserved() {
  print("-- reserved bits\n");
  fresh(pte::p | pte::w | pte::u);
  entry(va, 4) = entry(va, 4) | pte::ps;
  write_cr3(read_cr3());
  try_access("~ PS in the PML4E,", ring0, load, va);
  fresh(pte::p | pte::w | pte::u);
  const u64 large = test_va + (u64{1} << 30);
  for (unsigned bit : {13u, 20u}) {
    map(large, u64{1} << bit, pte::p | pte::w | pte::u, 2);
    const Trap trap = probe(ring3, store, large);
    print("~ bit ", bit, " of a 2 MiB leaf: ", vector_name(trap.frame.vector), " err=", hex(trap.frame.error),
          "\n");
  }
  for (unsigned bit : {13u, 29u}) {
    map(test_va + (u64{2} << 30), u64{1} << bit, pte::p | pte::w | pte::u, 3);
    const Trap trap = probe(ring0, load, test_va + (u64{2} << 30));
    print("~ bit ", bit, " of a 1 GiB leaf: ", vector_name(trap.frame.vector), " err=", hex(trap.frame.error),
          "\n");
  }
  entry(test_va + (u64{2} << 30), 3) = 0;
  entry(large, 2) = 0;
}

void large_pages() {
  print("-- large pages\n");
  const u64 offset = address_of(frame_b);
  const u64 two = test_va + (u64{1} << 30), one = test_va + (u64{3} << 30);
  map(two, offset & ~u64{0x1fffff}, pte::p | pte::w | pte::u, 2);
  map(one, 0, pte::p | pte::w | pte::u, 3);
  frame_b[7] = 42;
  print("through 2 MiB: ", at(two + (offset & 0x1fffff) + 56), " through 1 GiB: ", at(one + offset + 56),
        "\n");
  at(two + (offset & 0x1fffff) + 56) = 43;
  at(one + offset + 64) = 44;
  print("stored: ", frame_b[7], " ", frame_b[8], "\n");
  print("2 MiB leaf A D: ", (entry(two, 2) & pte::a) != 0, " ", (entry(two, 2) & pte::d) != 0);
  print(", 1 GiB leaf: ", (entry(one, 3) & pte::a) != 0, " ", (entry(one, 3) & pte::d) != 0, "\n");
  map(two, (offset & ~u64{0x1fffff}) | 0x1000, pte::p | pte::w, 2);  // bit 12 is PAT in a large leaf
  print("with PAT: ", at(two + (offset & 0x1fffff) + 56), "\n");
}

void staleness() {
  print("-- staleness and invalidation\n");
  frame_a[1] = 0xaaaa;
  frame_b[1] = 0xbbbb;
  constexpr u64 rwu = pte::p | pte::w | pte::u;
  auto read = [] { return hex(at(va + 8)); };
  fresh(rwu);
  touch(va + 8);
  entry(va, 1) = address_of(frame_b) | rwu;
  print("~ changed, not invalidated: ", read(), "\n");
  invlpg(reinterpret_cast<void*>(va + 0xfff));
  print("after INVLPG of the page's last byte: ", read(), "\n");
  entry(va, 1) = address_of(frame_a) | rwu;
  write_cr3(read_cr3());
  print("after MOV to CR3: ", read(), "\n");
  entry(va, 1) = 0;
  invlpg(reinterpret_cast<void*>(va));
  try_access("unmapped,", ring0, load, va);
  entry(va, 1) = address_of(frame_a) | rwu;
  try_access("mapped again without invalidation,", ring0, load, va);
  fresh(pte::p | pte::u);
  touch(va);
  entry(va, 1) = address_of(frame_a) | rwu;
  try_access("made writable, invalidated", ring0, store, (invlpg(reinterpret_cast<void*>(va)), va));
}

void global_pages() {
  print("-- global pages\n");
  constexpr u64 pge = 0x80, rwg = pte::p | pte::w | pte::g;
  const u64 cr4 = read_cr4();
  auto read = [] { return hex(at(va + 8)); };
  write_cr4(cr4 | pge);
  fresh(rwg);
  touch(va + 8);
  entry(va, 1) = address_of(frame_b) | rwg;
  write_cr3(read_cr3());
  print("~ global, changed, MOV to CR3: ", read(), "\n");
  invlpg(reinterpret_cast<void*>(va));
  print("global, INVLPG: ", read(), "\n");
  entry(va, 1) = address_of(frame_a) | rwg;
  write_cr4(cr4);
  print("global, PGE turned off: ", read(), "\n");
  entry(va, 1) = address_of(frame_b) | rwg;
  write_cr4(cr4 | pge);
  print("global, PGE turned on: ", read(), "\n");
  write_cr4(cr4);
  touch(va + 8);
  entry(va, 1) = address_of(frame_a) | rwg;
  write_cr3(read_cr3());
  print("G without PGE, MOV to CR3: ", read(), "\n");
}

void crossing() {
  print("-- accesses that cross pages\n");
  fresh(pte::p | pte::w | pte::u);
  entry(va + page, 1) = 0;
  invlpg(reinterpret_cast<void*>(va + page));
  frame_a[511] = 0x1111;
  try_access("second page missing,", ring3, load, va + 0xffc);
  try_access("second page missing,", ring0, store, va + 0xffc);
  print("first page untouched: ", hex(frame_a[511]), "\n");
  map(va + page, address_of(frame_b), pte::p);
  try_access("second page read-only,", ring3, store, va + 0xffc);
  print("first page untouched: ", hex(frame_a[511]), "\n");
  map(va + page, address_of(frame_b), pte::p | pte::w | pte::u);
  try_access("both there,", ring3, store, va + 0xffc);
  print("halves: ", hex(frame_a[511]), " ", hex(frame_b[0] & 0xffffffff), "\n");
  // An instruction across the boundary: mov $imm32, %eax; ret, 3 bytes here, 3 there.
  u8* const first = reinterpret_cast<u8*>(frame_a) + 0xffd;
  u8* const second = reinterpret_cast<u8*>(frame_b);
  first[0] = 0xb8, first[1] = 0x78, first[2] = 0x56, second[0] = 0x34, second[1] = 0x12, second[2] = 0xc3;
  try_access("both there,", ring3, call_there, va + 0xffd);
  entry(va + page, 1) = 0;
  invlpg(reinterpret_cast<void*>(va + page));
  try_access("second half missing,", ring3, call_there, va + 0xffd);
  map(va + page, address_of(frame_b), pte::p | pte::u | pte::nx);
  try_access("second half no execute,", ring3, call_there, va + 0xffd);
}

}  // namespace

void isa_main() {
  set_gate_dpl(done_vector, 3);
  frame_a[0] = frame_b[0] = ret_opcode;
  accessed_and_dirty();
  rights();
  write_protect();
  no_execute_enable();
  reserved();
  large_pages();
  staleness();
  global_pages();
  crossing();
}
