#include "guests/kernel/native/ram.h"

#include "arch_cpu.h"
#include "guests/lib/panic.h"

namespace {
RamPiece ram[64];     // sorted by address
RamPiece absent[64];  // sorted by number
unsigned pieces, image_piece, absent_pieces;
Mfn image_begin;
Pfn numbers_end;

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
  numbers_end = next;
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

void ram_add_numbered(Pfn pfn, Mfn machine, u64 count) {
  if (pieces == count_of(ram)) panic("more than %u pieces of RAM", pieces);
  unsigned i = pieces++;
  for (; i && ram[i - 1].machine > machine; i--) ram[i] = ram[i - 1];
  ram[i] = {pfn, machine, count};
  numbers_end = max_of(numbers_end, pfn + count);
}

static void add_absent(Mfn first, Mfn end) {
  if (first >= end) return;
  if (absent_pieces == count_of(absent)) panic("more than %u pieces of absent RAM", absent_pieces);
  absent[absent_pieces] = {ram_limit(), first, end - first};
  absent_pieces++;
}

void ram_add_absent(u64 first_byte, u64 end_byte) {
  Mfn at = div_up(first_byte, page_bytes);
  const Mfn end = end_byte / page_bytes;
  for (const RamPiece& p : ram_pieces()) {
    if (p.machine + p.count <= at || p.machine >= end) continue;
    add_absent(at, p.machine);
    at = p.machine + p.count;
  }
  add_absent(at, end);
}

RamPieces ram_pieces() { return {ram, ram + pieces}; }
const RamPiece& ram_of_image() { return ram[image_piece]; }
Pfn ram_end() { return numbers_end; }

Pfn ram_limit() {
  if (!absent_pieces) return ram_end();
  const RamPiece& last = absent[absent_pieces - 1];
  return last.pfn + last.count;
}

static RamPieces pieces_absent() { return {absent, absent + absent_pieces}; }

Mfn ram_machine(Pfn pfn) {
  for (const RamPiece& p : pfn < ram_end() ? ram_pieces() : pieces_absent())
    if (pfn - p.pfn < p.count) return p.machine + (pfn - p.pfn);
  return invalid_frame;
}

Pfn ram_guest_frame(Mfn mfn) {
  const RamPieces everywhere[] = {ram_pieces(), pieces_absent()};
  for (const RamPieces& all : everywhere)
    for (const RamPiece& p : all)
      if (mfn - p.machine < p.count) return p.pfn + (mfn - p.machine);
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
