// What the boot loader left (ia64_boot_param), copied before anything else is written.
#pragma once
#include "guests/lib/types.h"

struct BootParameters;

struct LoaderData {
  char command_line[1024];
};
extern LoaderData loader_data;

// Tells ram.h what memory there is. Panics when the parameters name none.
void loader_data_read(const BootParameters& boot);
