// Who called whom, as raw addresses, one a line: "   [<ffffffff80101234>]". Whoever has the image's symbols
// puts names to them.
#pragma once
#include "guests/lib/types.h"

void print_code_address(u64 address);

// Return addresses from the innermost frame outwards (arch). The frame pointer may be garbage: the walk
// leaves neither the current stack nor the image.
void print_call_chain(u64 frame_pointer);
