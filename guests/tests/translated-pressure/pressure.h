#pragma once
#include "guests/tests/lib/test.h"

constexpr unsigned groups = 64, pages = 16;
extern const unsigned group_addresses;

// Address j of group i, of page (i + j) % pages.
u64 address(unsigned i, unsigned j);
void build_tables(Pfn tables, Pfn data);  // three frames, and the pages
