// What a colour means, in a line of such.
#pragma once
#include "sim/core/types.h"

namespace xs::viz {

/// A square of the colour and a word; the next stands behind it. ImGui::NewLine() ends the line.
void draw_legend_entry(const char* text, u32 colour);

}  // namespace xs::viz
