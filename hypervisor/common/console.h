// The serial line: whole lines only, each with a prefix that says who speaks (docs/architecture.md).
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;

/// Adds text of a domain to its line buffer and prints what is complete. Bytes below 32 other than \n and \t
/// are dropped.
void console_guest_text(Domain* domain, const char* text, u64 length);
/// Prints an incomplete line of a domain that will say no more.
void console_guest_flush(Domain* domain);
/// A character typed at the serial line: to dom0 (VIRQ_CONSOLE), or to the debug keys after three ^A.
void console_input(char c);
/// Takes up to `size` typed characters; returns how many.
u64 console_read(char* to, u64 size);
/// The machine is about to stop: later output takes no lock.
void console_force();

/// One character to the device, waiting until it takes it.
void arch_console_put(char c);

}  // namespace hv
