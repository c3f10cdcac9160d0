// Where the kernel shows its grant table: pages of the image, which lend their addresses.
#pragma once
#include "page_table.h"

extern u8 grant_place[2][page_bytes];
