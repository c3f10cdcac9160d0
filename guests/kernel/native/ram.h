// RAM of the bare machine: pieces, as a loader's map has them, and the numbers by which the kernel knows
// their frames. A frame has its own number up to the end of the piece that holds the image; RAM elsewhere is
// numbered on from there.
#pragma once
#include "guests/lib/types.h"

struct RamPiece {
  Pfn pfn;
  Mfn machine;
  u64 count;
};

// In any order; what adjoins is one piece.
void ram_add(u64 first_byte, u64 end_byte);
// When all are known: a frame has its own number up to the end of the piece that holds the image; RAM
// elsewhere is numbered on from there. Panics when no piece holds machine frames [image_first, image_end).
void ram_number(Mfn image_first, Mfn image_end);
// Or from 0 on, piece after piece, for memory with large holes.
void ram_number_densely(Mfn image_first, Mfn image_end);

// Or, of memory that has its numbers already: side by side from 0 on.
void ram_add_numbered(Pfn pfn, Mfn machine, u64 count);
// Then, of a machine that is shared: what of [first_byte, end_byte) is no piece so far is somebody else's, or
// free. Numbered on from the end; no piece, but these frames may become ours.
void ram_add_absent(u64 first_byte, u64 end_byte);

struct RamPieces {
  const RamPiece *first, *last;
  const RamPiece* begin() const { return first; }
  const RamPiece* end() const { return last; }
};
RamPieces ram_pieces();
const RamPiece& ram_of_image();
Pfn ram_end();    // numbers of pieces end here
Pfn ram_limit();  // and those of absent frames here
Mfn ram_machine(Pfn pfn);
Pfn ram_guest_frame(Mfn mfn);
// No frame has another number than its own.
bool ram_has_machine_numbers();
// Calls `give` for the RAM below the image.
void ram_give_below_image(void (*give)(Pfn first, u64 count));
