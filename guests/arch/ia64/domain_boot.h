// What a domain's builder leaves on IA-64, besides start_info.
#pragma once
#include "guests/lib/types.h"

struct BootParameters;
extern const BootParameters* domain_boot_parameters;

// The entry (start.S) comes here when it finds itself in a domain.
extern "C" [[noreturn]] void domain_main(u64 boot_parameters);
