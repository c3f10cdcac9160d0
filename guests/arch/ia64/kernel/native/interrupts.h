// The processor's local SAPIC and the I/O SAPIC. The kernel asks for what has arrived (cr.ivr) where its data
// is whole, with PSR.i clear; only user mode is interrupted.
#pragma once
#include "guests/kernel/platform.h"

constexpr u64 vector_interrupts = 0x30;  // + n: global system interrupt n
constexpr u64 vector_timer = 0xef;
constexpr unsigned gsi_count = 48;

void interrupts_init();
void interrupts_dispatch();
// False when there is no such line.
bool interrupt_route(u32 gsi, bool level, InterruptHandler handler, void* context);
