#include "viz/views/legend.h"

#include <imgui.h>

namespace xs::viz {

void draw_legend_entry(const char* text, u32 colour) {
  const float side = ImGui::GetFontSize() * 0.8F;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float drop = (ImGui::GetTextLineHeight() - side) / 2;
  ImGui::GetWindowDrawList()->AddRectFilled({at.x, at.y + drop}, {at.x + side, at.y + drop + side}, colour);
  ImGui::Dummy({side, side});
  ImGui::SameLine(0, side * 0.4F);
  ImGui::TextUnformatted(text);
  ImGui::SameLine();
}

}  // namespace xs::viz
