// Time by the TSC, alarms by the local APIC's timer; both measured against the PIT.
#pragma once
#include "guests/lib/types.h"

void clock_init();
u64 clock_ns();
void clock_set_alarm(u64 deadline_ns);  // no_deadline: none
