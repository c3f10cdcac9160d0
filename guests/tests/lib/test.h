// What a test guest includes. A test is `const char test_name[]` and `void test_main()`; it checks, and the
// library prints
//
//   --- test-<name>
//   Test result: SUCCESS | SKIP <why> | ERROR <why> | FAILURE <n> checks, first: <what>
//
// and shuts the domain down. SKIP: the environment lacks what the test needs. ERROR: the test could not be
// carried out.
#pragma once
#include "arch_trap.h"
#include "guests/lib/boot.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/events.h"
#include "guests/lib/format.h"
#include "guests/lib/hypercall.h"
#include "guests/lib/string.h"
#include "guests/lib/time.h"
#include "test/arch_test.h"

extern const char test_name[];
void test_main();

// Counts and reports a failed check; the test goes on.
void test_check(bool ok, const char* fmt, ...) __attribute__((format(printf, 2, 3)));
// The result of an operation against the one that the ABI documents; both are printed when they differ.
void test_equal(const char* what, s64 found, s64 expected);
[[noreturn]] void test_skip(const char* why);
[[noreturn]] void test_error(const char* fmt, ...) __attribute__((format(printf, 1, 2)));
[[noreturn]] void test_end();
// For a test whose last step ends the domain by itself.
void test_tell_result();

// Traps. By default any exception is a panic with its call chain. A handler returns true when it has dealt
// with the frame.
using TrapHandler = bool (*)(TrapFrame* frame);
void test_on_trap(TrapHandler handler);

// Further VCPUs. SKIP when the domain has none.
void test_need_vcpus(unsigned count);
constexpr unsigned test_most_vcpus = 4;
// VCPUOP_initialise: it will begin in entry() on its own stack, with upcalls masked.
long test_initialise_vcpu(unsigned vcpu, void (*entry)());

// Memory of a test: the domain's, by guest frame numbers, where the builder (or the architecture) maps it. No
// allocator but a run of spare pages, of which there are at least 512 KiB.
Pfn test_spare_frames(
    unsigned count);     // first of a run; each call gives new ones; ERROR when they are used up
void* test_va(Pfn pfn);  // address in that mapping
Pfn test_frame(const void* va);
// The number by which tables and hypercalls know the frame: where frames are translated, itself.
Mfn test_machine(Pfn pfn);

// For what one memory model has and the other has not.
inline void test_only_direct(const char* why) {
  if (guest_is_translated()) test_skip(why);
}
inline void test_only_translated(const char* why) {
  if (!guest_is_translated()) test_skip(why);
}

// The architecture's part of this library (guests/arch/<arch>/test); arch_test.h has what no other has.
[[noreturn]] void test_panic_at(const TrapFrame* frame);
bool test_is_page_fault(const TrapFrame* frame);
u64 test_fault_address(const TrapFrame* frame, unsigned vcpu);  // ask with upcalls still masked
// A VCPU that will begin in entry() with `stack`, of stack_bytes, and take traps as this one does.
void test_describe_vcpu(vcpu_guest_context_t& context, void (*entry)(), void* stack);
// Shows a frame at an address that is not test_va(frame): as the second place of it, or the only one. Where
// addresses are scarce it takes the one of `place`. One at a time.
void* test_alias(Pfn place, Pfn frame);
void test_end_alias(Pfn place);
void test_follow_shared_info(Pfn to);  // where shared_info_page looks after it has been moved
// Another domain's frame, if the architecture has a call for that; 0 or a negative errno.
long test_clear_frame(u32 domain, Mfn frame);
