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
#include "boot_tables.h"
#include "guests/lib/boot.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/events.h"
#include "guests/lib/format.h"
#include "guests/lib/hypercall.h"
#include "guests/lib/string.h"
#include "guests/lib/time.h"

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

// Memory of a test: the builder's mapping at virt_base and its P2M. No allocator but a run of pages behind
// the builder's own, which the builder maps as spare (at least 512 KiB).
Pfn test_spare_frames(
    unsigned count);     // first of a run; each call gives new ones; ERROR when they are used up
void* test_va(Pfn pfn);  // address in the builder's mapping
Pfn test_frame(const void* va);
u64* test_p2m();  // the builder's list (model direct)
Mfn test_machine(
    Pfn pfn);  // the number by which tables and hypercalls know the frame: in model translated itself
// The bootstrap table of `level` that maps va, and its entry for va.
Pfn test_table(u64 va, unsigned level);
u64 test_entry(u64 va, unsigned level);
constexpr u64 test_virt_base = boot_virt_base;
// The local APIC's: mapped writable by nobody but the hypervisor, not even by a domain that drives devices.
constexpr Mfn test_forbidden_frame = 0xfee00;
// For what one memory model has and the other has not.
inline void test_only_direct(const char* why) {
  if (guest_is_translated()) test_skip(why);
}
inline void test_only_translated(const char* why) {
  if (!guest_is_translated()) test_skip(why);
}

// Writes the entry at address `pte` of the memory that tables name: one mmu_update and the hypervisor's
// result, or in model translated a plain store, which cannot fail.
long test_write_pte(u64 pte, u64 value);
long test_unmap(Pfn pfn);           // removes the page from the builder's mapping
long test_map(Pfn pfn, u64 flags);  // maps it again, PTE flags as given
