// What of this test is the architecture's: x86_64/ and ia64/ have each a part of it, and further kinds of
// calls (processor_calls, table_calls).
#pragma once
#include "guests/tests/hypercall-fuzz/calls.h"

// Where an argument's memory is for the guest.
u8* memory_at(u64 argument);

// The pages around the arguments become what world.h draws; what else calls will need.
void arch_world_init();
// Handlers, registers and the like are the guest's again, whatever calls have made of them.
void arch_heal();
// After a list of calls: as far as the next call needs it.
void arch_heal_handlers();
// Play frames are the guest's, ordinary and clear; those that are gone are asked for again.
void arch_heal_play();
// The guest can still change its translations.
void arch_still_works();
// Events have to stay away from such a call until the guest is healed.
bool arch_shields(u64 number);
// What a further VCPU does to play frames besides giving them back.
void arch_race_step(Random& random, unsigned vcpu);

// Addresses that no guest should name, and some that it may.
u64 arch_wild_address();
// The hypervisor's own.
extern const u64 arch_hypervisor_address;
// Model direct: the machine address of the page-table entry for va, which has a table.
u64 arch_entry_address(const void* va);
// A frame that the guest cannot do without.
u64 arch_core_frame();
// VCPUOP_initialise's argument. Something in it is always wrong, so that no VCPU ever starts from it.
u64 arch_wild_context();

// Ways of a guest to end itself, one per domain: the hypervisor destroys what is left, whatever state it is
// in.
struct Death {
  const char* name;
  void (*die)();
};
extern const Death arch_deaths[];
extern const unsigned arch_death_count;
