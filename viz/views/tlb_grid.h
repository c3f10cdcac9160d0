// What the TLB of a CPU holds, as a grid.
#pragma once
#include <memory>

#include "viz/model/translation.h"
#include "viz/views/view.h"

namespace xs::viz {

void draw_tlb(Ui& ui, const std::shared_ptr<const TranslationImage>& image);

}  // namespace xs::viz
