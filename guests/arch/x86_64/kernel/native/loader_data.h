// What the PVH loader left (xen/arch-x86/hvm/start_info.h), copied before anything else is written.
#pragma once
#include "guests/lib/types.h"

// RAM [machine, machine + count), known to this kernel as frames [pfn, pfn + count). Up to the piece that
// holds the image a frame has its own number; the pieces behind follow without a gap, wherever they lie.
struct RamPiece {
  Pfn pfn;
  Mfn machine;
  u64 count;
};

struct LoaderData {
  RamPiece ram[32];
  unsigned pieces, image_piece;
  char command_line[1024];
};
extern LoaderData loader_data;

// Panics when it is no start info, or names no memory. The first GiB is mapped at boot_virt_base.
void loader_data_read(u64 start_info);
