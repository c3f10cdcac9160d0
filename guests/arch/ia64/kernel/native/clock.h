// Time by ar.itc, whose rate firmware tells; alarms by its match register.
#pragma once
#include "guests/lib/types.h"

void clock_init();
u64 clock_ns();
void clock_set_alarm(u64 deadline_ns);  // no_deadline: none
