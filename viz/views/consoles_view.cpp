// What was printed, by whom, up to the moment; and a line for the operator's channel of a live run.
#include <fmt/format.h>
#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>

#include "viz/model/timeline.h"
#include "viz/views/view.h"

namespace xs::viz {
namespace {

/// True when it is chosen. A label would end at "##", which may be printed.
bool draw_line(int number, const std::string& text) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = std::max(ImGui::CalcTextSize(text.c_str()).x, ImGui::GetContentRegionAvail().x);
  ImGui::PushID(number);
  const bool chosen = ImGui::Selectable("##line", false, ImGuiSelectableFlags_None, {width, 0});
  ImGui::PopID();
  ImGui::GetWindowDrawList()->AddText(at, ImGui::GetColorU32(ImGuiCol_Text), text.c_str());
  return chosen;
}

void draw_lines(Ui& ui, MachineTab& m, const std::string& source, float height) {
  ImGui::BeginChild("lines", {0, height}, false, ImGuiWindowFlags_HorizontalScrollbar);
  ImGui::PushFont(ui.style.mono());
  std::vector<const ConsoleText*> shown;
  for (const ConsoleText& line : m.recording.lines())
    if (line.event < m.scene.moment() && (source.empty() || m.recording.sources()[line.source] == source))
      shown.push_back(&line);
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(shown.size()));
  while (clipper.Step())
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const ConsoleText& line = *shown[static_cast<std::size_t>(i)];
      const std::string text =
          source.empty() ? fmt::format("{:<9}{}", m.recording.sources()[line.source], line.text) : line.text;
      if (draw_line(i, text)) m.transport.go(line.event + u64{1});
      if (ImGui::IsItemHovered()) ImGui::SetTooltip("%s", short_time(line.time_ps).c_str());
    }
  if (m.transport.following() || m.transport.playing()) ImGui::SetScrollHereY(1);
  ImGui::PopFont();
  ImGui::EndChild();
}

void draw_input(Ui& ui, RunControl& run) {
  std::string& typing = ui.workspace.choice.typing;
  ImGui::SetNextItemWidth(-1);
  const bool sent =
      ImGui::InputTextWithHint("##input", "a line for dom0's operator, typed when the scenario is not",
                               &typing, ImGuiInputTextFlags_EnterReturnsTrue);
  if (!sent) return;
  run.type(typing);
  typing.clear();
}

}  // namespace

void draw_consoles(Ui& ui) {
  MachineTab& m = ui.workspace.machine();
  if (!ImGui::BeginTabBar("sources")) return;
  const bool listens = m.run && m.run->status().state != RunState::ended;
  const float input = listens ? ImGui::GetFrameHeightWithSpacing() : 0;
  for (const std::string& source : m.recording.sources()) {
    if (!ImGui::BeginTabItem(source.empty() ? "all" : source.c_str())) continue;
    draw_lines(ui, m, source, -input - 1);
    ImGui::EndTabItem();
  }
  ImGui::EndTabBar();
  if (listens) draw_input(ui, *m.run);
}

}  // namespace xs::viz
