// What test guests need of the architecture; each has a header of this name. Here: memory as region 7 shows
// it, by guest frame numbers.
#pragma once
#include "arch_cpu.h"
#include "hypervisor/abi/memory_models.h"

// Of domains that a test makes: there is no model direct.
constexpr xs_memory_model test_domain_model = XS_MODEL_TRANSLATED;

// No frame has such a number.
inline void* const test_unmapped = reinterpret_cast<void*>(KERNEL_BASE + (u64{1} << 44));

// Registers the event callback; interruptions come by vectors_xen.S, whose table the entry has named.
void arch_install_traps();

// What start_info and hypercalls call a frame is its guest frame number, in every memory model.
inline Pfn guest_frame_of(u64 number) { return number; }
