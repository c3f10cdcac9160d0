#pragma once
#include "guests/tests/lib/test.h"

constexpr unsigned other = 1;
constexpr u64 pattern = 0x57a1e;

// One load, that many bytes or slots long that skip_read() can go on behind it; `otherwise` when it has
// faulted.
u64 read_word(const void* va, u64 otherwise);
void skip_read(TrapFrame* frame);

// Of model direct.
long unmap_without_flush(Pfn page);
void flush_and_map(Pfn page, Mfn frame);
