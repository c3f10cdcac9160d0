#pragma once
#include "guests/tests/lib/test.h"

inline bool is_dom0() { return boot_info->flags & SIF_INITDOMAIN; }

bool arch_magic_good(const char* magic);
bool arch_features_good(u32 features);
void check_arch();
