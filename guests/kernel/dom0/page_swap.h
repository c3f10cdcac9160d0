#pragma once
#include "guests/kernel/operator/verbs.h"

// page-swap: two buffers change their contents, by dom0's own table of frames where it may write it, else by
// copying; what that takes.
void do_page_swap(const CommandLine& c, Status& status);
constexpr Verb page_swap_verb = {"page-swap", 0, "", do_page_swap};
