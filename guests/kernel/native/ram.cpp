#include "guests/kernel/native/ram.h"

#include "arch_cpu.h"
#include "guests/lib/panic.h"

namespace {
RamPiece ram[32];  // sorted by address
unsigned pieces, image_piece;
Mfn image_begin;

void remove(unsigned i) {
  for (pieces--; i < pieces; i++) ram[i] = ram[i + 1];
}

void find_image(Mfn first, Mfn end) {
  image_begin = first;
  for (unsigned i = 0; i < pieces; i++)
    if (ram[i].machine <= first && ram[i].machine + ram[i].count >= end) {
      image_piece = i;
      return;
    }
  panic("the memory map has no RAM where this kernel is");
}

void number_from(unsigned piece, Pfn next) {
  for (unsigned i = piece; i < pieces; i++) {
    ram[i].pfn = next;
    next += ram[i].count;
  }
}
}  // namespace

void ram_add(u64 first_byte, u64 end_byte) {
  Mfn first = div_up(first_byte, page_bytes), end = end_byte / page_bytes;
  if (first >= end) return;
  if (pieces == count_of(ram)) panic("more than %u pieces of RAM", pieces);
  unsigned i = pieces++;
  for (; i && ram[i - 1].machine > first; i--) ram[i] = ram[i - 1];
  ram[i] = {invalid_frame, first, end - first};
  if (i + 1 < pieces && ram[i + 1].machine == end) ram[i].count += ram[i + 1].count, remove(i + 1);
  if (i && ram[i - 1].machine + ram[i - 1].count == first) ram[i - 1].count += ram[i].count, remove(i);
}

void ram_number(Mfn image_first, Mfn image_end) {
  find_image(image_first, image_end);
  number_from(image_piece, ram[image_piece].machine);
  for (unsigned i = 0; i < image_piece; i++) ram[i].pfn = ram[i].machine;
}

void ram_number_densely(Mfn image_first, Mfn image_end) {
  find_image(image_first, image_end);
  number_from(0, 0);
}

RamPieces ram_pieces() { return {ram, ram + pieces}; }
const RamPiece& ram_of_image() { return ram[image_piece]; }
Pfn ram_end() { return ram[pieces - 1].pfn + ram[pieces - 1].count; }

Mfn ram_machine(Pfn pfn) {
  for (const RamPiece& p : ram_pieces())
    if (pfn >= p.pfn && pfn < p.pfn + p.count) return p.machine + (pfn - p.pfn);
  return invalid_frame;
}

Pfn ram_guest_frame(Mfn mfn) {
  for (const RamPiece& p : ram_pieces())
    if (mfn >= p.machine && mfn < p.machine + p.count) return p.pfn + (mfn - p.machine);
  return invalid_frame;
}

bool ram_has_machine_numbers() {
  for (const RamPiece& p : ram_pieces())
    if (p.pfn != p.machine) return false;
  return true;
}

void ram_give_below_image(void (*give)(Pfn first, u64 count)) {
  for (unsigned i = 0; i <= image_piece; i++) {
    Pfn first = max_of<Pfn>(ram[i].pfn, 1);  // frame 0 stays unused: a null by mistake shows
    Pfn end = min_of<Pfn>(ram[i].pfn + ram[i].count, ram_guest_frame(image_begin));
    if (end > first) give(first, end - first);
  }
}
