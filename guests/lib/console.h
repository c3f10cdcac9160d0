// A guest's console: whole lines only, so that no other text can get in between.
//
//   print_line ──> console_io hypercall (the hypervisor's serial line)
//              ├─> when that is refused (stock Xen, unprivileged domain): the ring in the console page
//              └─> console_use(): whatever the kernel found instead of a hypervisor
#pragma once
#include "guests/lib/types.h"

constexpr size_t console_line_max = 256;

// Formats one line and writes it with its newline in a single hypercall; cut at console_line_max.
void print_line(const char* fmt, ...) __attribute__((format(printf, 1, 2)));
void print_text(const char* text, size_t length);

// Where text goes when there is no hypervisor.
using ConsoleWriter = void (*)(const char* text, size_t length);
void console_use(ConsoleWriter writer);

// Offers the PV console ring as the second way out; `page` is struct xencons_interface.
void console_use_ring(void* page, u32 event_port);
