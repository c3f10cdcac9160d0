// Included before every source: nothing is shared with another object, so no address goes through a GOT. (The
// option -fvisibility=hidden covers definitions only.)
#ifndef __ASSEMBLER__
#pragma GCC visibility push(hidden)
#endif
