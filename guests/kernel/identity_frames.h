// Memory model `identity`: changes that a guest asks for where a frame's number is the machine's. What is
// given back leaves a hole, and what comes is wherever the hypervisor had it, so the kernel has a number for
// every frame of the machine (native/ram.h):
//
//   Pfn    0 ...... given           given ............ limit
//          own memory, in pieces    what the machine has besides: others', free, the hypervisor's
//
// Other domains' frames cannot be placed side by side: the window shows them (kernel_window.h).
#pragma once
#include "guests/kernel/granted.h"
#include "guests/kernel/native/ram.h"
#include "hypervisor/abi/grants.h"

// Only a privileged domain is told; another one never has more than it began with.
void identity_number_rest_of_machine();
ModelResult identity_release(const Pfn* frames, unsigned count);
ModelResult identity_accept(Pfn* frames, unsigned count);
void* identity_map_foreign(unsigned domain, const Mfn* names, unsigned count, bool writable, long& error);
void identity_unmap_window(void* va, unsigned count);

void* identity_take_places(unsigned count, u64* places);
void identity_give_places(void* va, unsigned count);
void* identity_shown_at(void* va, const u64* places, bool writable, unsigned count);
void identity_surrender(const Pfn* frames, u64* numbers, unsigned count);
void identity_put_in(Pfn* frames, const u64* numbers, unsigned count);
constexpr GrantOps identity_grant_ops(void* table_place) {
  return {table_place, identity_take_places, identity_give_places, XS_GNTMAP_ADDRESS_BACK, identity_shown_at,
          ram_machine, identity_put_in,      identity_put_in,      identity_surrender,     identity_surrender,
          false};
}
