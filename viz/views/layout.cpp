// Where everything is: fixed places whose shares the user can move.
#include <imgui.h>

#include <algorithm>

#include "viz/views/view.h"

namespace xs::viz {
namespace {

constexpr ImGuiWindowFlags whole = ImGuiWindowFlags_NoTitleBar | ImGuiWindowFlags_NoResize |
                                   ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoCollapse |
                                   ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoSavedSettings |
                                   ImGuiWindowFlags_NoBackground;  // the canvas is cleared in its colour

/// Of it: the keyboard goes from part to part as if there were but one window.
constexpr ImGuiWindowFlags part = ImGuiWindowFlags_NavFlattened;

/// A bar that is dragged; `share` of `extent` is on its near side.
void splitter(const char* id, bool upright, double& share, float extent) {
  const float thick = ImGui::GetStyle().ItemSpacing.x;
  const ImVec2 avail = ImGui::GetContentRegionAvail();
  ImGui::InvisibleButton(id, upright ? ImVec2(thick, avail.y) : ImVec2(avail.x, thick));
  if (ImGui::IsItemHovered() || ImGui::IsItemActive())
    ImGui::SetMouseCursor(upright ? ImGuiMouseCursor_ResizeEW : ImGuiMouseCursor_ResizeNS);
  if (ImGui::IsItemActive()) {
    const ImVec2 moved = ImGui::GetIO().MouseDelta;
    share = std::clamp(share + double((upright ? moved.x : moved.y) / extent), 0.15, 0.85);
  }
}

void draw_in_child(const char* id, ImVec2 size, Ui& ui, void (*draw)(Ui&)) {
  if (ImGui::BeginChild(id, size, true, part)) draw(ui);
  ImGui::EndChild();
}

void draw_tabs(Ui& ui) {
  if (!ImGui::BeginTabBar("views")) return;
  for (const View& view : views()) {
    if (view.draw == draw_map || view.draw == draw_timeline) continue;
    const bool wanted = ui.workspace.choice.tab == view.name;
    if (!ImGui::BeginTabItem(view.title, nullptr, wanted ? ImGuiTabItemFlags_SetSelected : 0)) continue;
    if (wanted) ui.workspace.choice.tab.clear();
    draw_in_child(view.name, ImVec2(0, 0), ui, view.draw);
    ImGui::EndTabItem();
  }
  ImGui::EndTabBar();
}

void draw_everything(Ui& ui) {
  Choice& choice = ui.workspace.choice;
  draw_toolbar(ui);
  draw_caption(ui);
  const ImVec2 space = ImGui::GetContentRegionAvail();
  const float gap = ImGui::GetStyle().ItemSpacing.y;
  const float above = space.y * float(choice.above_share);
  ImGui::BeginChild("above", ImVec2(0, above), false, part);
  draw_in_child("map", ImVec2(space.x * float(choice.map_share), 0), ui, draw_map);
  ImGui::SameLine(0, 0);
  splitter("|", true, choice.map_share, space.x);
  ImGui::SameLine(0, 0);
  ImGui::BeginChild("tabs", ImVec2(0, 0), false, part);
  draw_tabs(ui);
  ImGui::EndChild();
  ImGui::EndChild();
  ImGui::SetCursorPosY(ImGui::GetCursorPosY() - gap);
  splitter("-", false, choice.above_share, space.y);
  ImGui::SetCursorPosY(ImGui::GetCursorPosY() - gap);
  draw_in_child("timeline", ImVec2(0, 0), ui, draw_timeline);
}

}  // namespace

void draw_workspace(Ui& ui, const View* panel) {
  ImGui::SetNextWindowPos(ImVec2(0, 0));
  ImGui::SetNextWindowSize(ImGui::GetIO().DisplaySize);
  ImGui::Begin(main_window, nullptr, whole);
  if (panel)
    panel->draw(ui);
  else
    draw_everything(ui);
  ImGui::End();
}

}  // namespace xs::viz
