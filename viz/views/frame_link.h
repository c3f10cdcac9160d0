// A frame by its number, with its owner's colour: a click pins it.
#pragma once
#include "viz/model/translation.h"
#include "viz/views/view.h"

namespace xs::viz {

/// A square in the owner's colour, as high as a line of text.
void draw_owner_square(Ui& ui, const FrameImage& frame);
/// The square, and the number to be clicked (where there is no RAM, the number alone). `id` tells it from
/// others of the same line.
void draw_frame_link(Ui& ui, u64 mfn, const FrameImage& frame, const char* id = "");
/// "dom1 (web)", with the type where that says something; "not RAM".
std::string frame_label(const MachineTab& m, const FrameImage& frame);

}  // namespace xs::viz
