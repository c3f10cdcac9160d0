// The guest's last words.
#pragma once
#include "guests/lib/types.h"

// Prints "panic: <reason>" and the call chain that led here (lib/call_chain.h), and shuts down
// as crashed.
[[noreturn]] void panic(const char* fmt, ...) __attribute__((format(printf, 1, 2)));

// The same for code that was interrupted at `address`: the chain begins there.
[[noreturn]] void panic_at(u64 address, u64 frame_pointer, const char* fmt, ...)
    __attribute__((format(printf, 3, 4)));

// SCHEDOP_shutdown with one of Xen's SHUTDOWN_* reasons, or what the kernel found instead; it does not
// return.
[[noreturn]] void shutdown(unsigned reason);
using ShutdownWay = void (*)(unsigned reason);
void shutdown_use(ShutdownWay way);
