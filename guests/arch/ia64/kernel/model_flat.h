// Memory whose frames are, for page tables and for devices, where their numbers say: the bare machine's, and
// a domain's in model identity. Nobody takes any or gives more.
#pragma once
#include "guests/kernel/memory_model.h"

BootFrames flat_boot();  // ram.h knows all there is
void flat_reclaim(void (*give)(Pfn first, u64 count));
ModelResult flat_refuse(const Pfn*, unsigned);
ModelResult flat_accept_none(Pfn*, unsigned);
void* flat_no_foreign(unsigned, const Mfn*, unsigned, bool, long& error);
void* flat_map_device(u64 machine_address, u64 bytes, long& error);
void flat_unmap(void*, unsigned);
void* flat_device_page();
void* flat_device_pages(unsigned count);
u64 flat_device_address(const void* va);
