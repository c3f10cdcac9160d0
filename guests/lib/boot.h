// What the domain builder gave this guest.
#pragma once
#include "guests/lib/xen_abi.h"

#include "guests/lib/types.h"

extern start_info_t* boot_info;          // set by the entry code before guest_main()
extern shared_info_t* shared_info_page;  // null until map_shared_info()
Pfn boot_info_frame();

// Maps the shared_info frame over a page of the image (arch). Panics when refused.
void map_shared_info();
// It is mapped nowhere; where it is a frame among this domain's, it stays. Nobody may ask for it until it is
// mapped again.
void unmap_shared_info();

// True when this guest knows guest frame numbers only.
bool guest_is_translated();
// True when its page tables, if any, are its own memory, for the hypervisor to look at.
bool guest_has_plain_tables();

// Every guest begins here, on the image's own stack, with events masked.
extern "C" [[noreturn]] void guest_main();

inline vcpu_info_t& vcpu_info_of(unsigned vcpu) { return shared_info_page->vcpu_info[vcpu]; }
