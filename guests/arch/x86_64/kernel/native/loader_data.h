// What the PVH loader left (xen/arch-x86/hvm/start_info.h), copied before anything else is written.
#pragma once
#include "guests/lib/types.h"

struct LoaderData {
  char command_line[1024];
};
extern LoaderData loader_data;

// Tells ram.h what memory there is. Panics when it is no start info, or names no memory. The first GiB is
// mapped at boot_virt_base.
void loader_data_read(u64 start_info);
