// Local APIC and I/O APICs. An interrupt is noted when it arrives and handled in interrupts_dispatch(); until
// then the local APIC holds it in service, so that a level that is still up does not come again.
#pragma once
#include "guests/kernel/platform.h"

constexpr unsigned vector_interrupts = 32;  // 32 + n: global system interrupt n
constexpr unsigned vector_timer = 0x50, vector_spurious = 0x5f;
constexpr unsigned gsi_count = 48;

void interrupts_init();
void interrupt_arrived(unsigned vector);
void interrupts_dispatch();
// False when there is no such line.
bool interrupt_route(u32 gsi, bool level, InterruptHandler handler, void* context);

void apic_timer_start(u32 count);  // counts down at the bus rate / 16, then vector_timer; 0: stop
u32 apic_timer_left();
