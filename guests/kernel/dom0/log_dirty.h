#pragma once
#include "guests/kernel/operator/status.h"

// log-dirty <domain> on|off|clean|peek: `pages` of it are asked for.
void log_dirty_tell(unsigned domain, u64 pages, const char* what, Status& status);
