// Where the kernel shows its grant table: pages of the image, which lend their addresses.
#pragma once
#include "guests/kernel/granted.h"
#include "page_table.h"

extern u8 grant_place[grant_pages_most][page_bytes];
