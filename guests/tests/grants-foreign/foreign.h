#pragma once
#include "guests/tests/lib/domain.h"
#include "guests/tests/lib/grants.h"
#include "guests/tests/lib/touch.h"

// Shows another domain's frame at a place for a grant, as only a builder can. 0 or an errno.
long show_foreign(u32 domain, u64 number, const GrantPlace& place);
void end_foreign(const GrantPlace& place);
