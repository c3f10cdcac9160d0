#pragma once
#include "guests/kernel/operator/command_line.h"

// create name=… kernel=… memory=… […]
void do_create(const CommandLine& command, Status& status);
