// The guest's last words.
#pragma once

// Prints "panic: …" and tells the hypervisor that this domain crashed.
[[noreturn]] void panic(const char* fmt, ...) __attribute__((format(printf, 1, 2)));

// SCHEDOP_shutdown with one of Xen's SHUTDOWN_* reasons.
[[noreturn]] void shutdown(unsigned reason);
