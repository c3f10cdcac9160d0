#include "viz/views/frame_link.h"

#include <fmt/format.h>
#include <imgui.h>

#include "sim/observe/names.h"

namespace xs::viz {

void draw_owner_square(Ui& ui, const FrameImage& frame) {
  const float line = ImGui::GetTextLineHeight(), side = line * 0.7F;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float top = at.y + (line - side) / 2;
  if (frame.ram)
    ImGui::GetWindowDrawList()->AddRectFilled({at.x, top}, {at.x + side, top + side},
                                              ui.workspace.palette().owner(frame.owner, frame.type));
  ImGui::Dummy({side, line});
  ImGui::SameLine(0, side * 0.4F);
}

void draw_frame_link(Ui& ui, u64 mfn, const FrameImage& frame, const char* id) {
  draw_owner_square(ui, frame);
  const u32 index = ui.workspace.machine().scene.state().ram().index(mfn);
  const std::string number = fmt::format("{:#x}", mfn);
  ImGui::PushFont(ui.style.mono());
  if (index == observe::RamMap::none) {
    ImGui::TextUnformatted(number.c_str());
  } else {
    ImGui::PushStyleColor(ImGuiCol_Text, ui.style.colours().accent);
    const ImVec2 size = ImGui::CalcTextSize(number.c_str());
    if (ImGui::Selectable((number + "##" + id).c_str(), false, ImGuiSelectableFlags_None, size))
      ui.workspace.choice.frame = index;
    ImGui::PopStyleColor();
  }
  ImGui::PopFont();
}

std::string frame_label(const MachineTab& m, const FrameImage& frame) {
  if (!frame.ram) return "not RAM";
  std::string owner = m.scene.owner_label(frame.owner);
  if (frame.type == XS_FRAME_NONE) return owner;
  return fmt::format("{}, {}", owner, observe::frame_type_name(frame.type));
}

}  // namespace xs::viz
