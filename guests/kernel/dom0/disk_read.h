#pragma once
#include "guests/kernel/operator/verbs.h"

// disk-read: writes dom0's data disk and reads it back, by a buffer that is scattered in the machine and by
// one that is not; what that takes.
void do_disk_read(const CommandLine& c, Status& status);
constexpr Verb disk_read_verb = {"disk-read", 0, "", do_disk_read};
