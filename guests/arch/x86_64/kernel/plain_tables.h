// Page tables in plain memory, for models in which the processor does not walk them but what the hypervisor
// makes of them: tables change by stores, and a frame that is not there faults whatever an entry says.
#pragma once
#include "guests/kernel/machine_map.h"
#include "kernel_window.h"

// Builds the direct map of all of [0, limit) behind frame `first`, of large pages where numbers follow each
// other anyway, and takes table_ops.
void plain_tables_build(Pfn first, FrameNumbers numbers, Pfn limit, bool large);
// The builder's page tables stay in use as the kernel's root; what else it left does not.
void plain_tables_reclaim(Pfn image_first, void (*give)(Pfn first, u64 count));
// Of all these tables, whose numbers are the machine's.
const MachineMap* plain_machine_map();
void* plain_map_device(u64 machine_address, u64 bytes, long& error);
// Behind what the builder left: its tables and its stack page.
Pfn plain_tables_place();
