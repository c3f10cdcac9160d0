#pragma once
#include "guests/kernel/operator/command_line.h"

// create name=… kernel=… memory=… […]
void do_create(const CommandLine& command, Status& status);
// Whether a new domain may have it.
bool domain_name_ok(const char* name, Status& status);
