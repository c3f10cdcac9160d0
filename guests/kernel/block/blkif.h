// The ring of a virtual disk (xen/io/blkif.h), and the numbers by which disks are called.
#pragma once
#include "guests/kernel/block/sectors.h"
#include "guests/kernel/xenbus/ring.h"

#include <xen/io/blkif.h>

constexpr unsigned block_ring_slots = __CONST_RING_SIZE(blkif, page_bytes);
constexpr u32 sectors_per_page = page_bytes / sector_bytes;

// "xvda" to "xvdp" are 51712, 51728, … : major number 202, sixteen minor numbers each.
constexpr size_t disk_name_size = 5;
bool disk_number(const char* name, u32& number);
void disk_name(u32 number, char (&name)[disk_name_size]);

void blkfront_start();
void blkback_start();
