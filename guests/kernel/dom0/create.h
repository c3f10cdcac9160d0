#pragma once
#include "guests/kernel/dom0/command_line.h"

// create name=… kernel=… memory=… […]
void do_create(const CommandLine& command, Status& status);
