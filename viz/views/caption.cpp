// What a lesson says about the step that is shown.
#include <imgui.h>

#include <algorithm>

#include "viz/views/view.h"

namespace xs::viz {

void draw_caption(Ui& ui) {
  const StepSpan* step = ui.workspace.step();
  if (!step || step->caption.empty()) return;
  Choice& choice = ui.workspace.choice;
  const ImGuiStyle& style = ImGui::GetStyle();
  const float check = ImGui::CalcTextSize("Guide me").x + ImGui::GetFrameHeight() + 2 * style.ItemSpacing.x;
  const float wrap = ImGui::GetContentRegionAvail().x - check - 2 * style.WindowPadding.x;
  const ImVec2 text = ImGui::CalcTextSize(step->caption.c_str(), nullptr, false, wrap);
  const float height = std::max(text.y, ImGui::GetFrameHeight()) + 2 * style.WindowPadding.y;
  ImGui::PushStyleColor(ImGuiCol_ChildBg, ui.style.colours().raised);
  ImGui::BeginChild("caption", {0, height}, false,
                    ImGuiWindowFlags_AlwaysUseWindowPadding | ImGuiWindowFlags_NavFlattened);
  ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + wrap);
  ImGui::TextUnformatted(step->caption.c_str());
  ImGui::PopTextWrapPos();
  ImGui::SetCursorPos(
      {ImGui::GetWindowContentRegionMax().x - check + style.ItemSpacing.x, style.WindowPadding.y});
  ImGui::Checkbox("Guide me", &choice.guided);
  if (ImGui::IsItemHovered()) ImGui::SetTooltip("each step chooses the view that shows it");
  ImGui::EndChild();
  ImGui::PopStyleColor();
}

}  // namespace xs::viz
