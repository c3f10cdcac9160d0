// A domain's memory map, as its builder has left it.
#pragma once
#include "boot_parameters.h"

void domain_memory_visit(void (*visit)(const EfiMemoryDescriptor& descriptor));
// What is not free for the kernel (firmware, start_info, shared rings, a module) is kept from the frame
// allocator, which has been given everything.
void domain_memory_reserve();
