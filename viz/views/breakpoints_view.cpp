// What makes a live run pause.
#include <fmt/format.h>
#include <imgui.h>
#include <imgui_stdlib.h>

#include <array>
#include <cstdlib>

#include "sim/observe/names.h"
#include "viz/views/view.h"

namespace xs::viz {
namespace {

constexpr std::array kinds = {"frame changes owner", "P2M entry changes", "domain enters state",
                              "a caption is shown",  "a step ends",       "a time is reached",
                              "a grant is used"};
constexpr std::array numbers = {"MFN", "GFN", "state", "number", "step", "ps", "reference"};
/// Frames are named in hexadecimal, all else is counted.
constexpr bool is_frame(unsigned kind) { return kind < 2; }

std::string text_of(const Breakpoint& b) {
  const auto kind = static_cast<unsigned>(b.on);
  std::string text = kinds[kind];
  if (b.number && b.on == Breakpoint::On::domain_state)
    text += fmt::format(": {}", observe::domain_state_name(static_cast<unsigned>(*b.number)));
  else if (b.number)
    text += is_frame(kind) ? fmt::format(": {} {:#x}", numbers[kind], *b.number)
                           : fmt::format(": {} {}", numbers[kind], *b.number);
  if (b.domid) text += fmt::format(", dom{}", *b.domid);
  return text;
}

std::optional<u64> parsed(const std::string& text, int base) {
  if (text.empty()) return std::nullopt;
  return std::strtoull(text.c_str(), nullptr, base);
}

bool draw_draft(BreakpointDraft& d) {
  const float unit = ImGui::GetFontSize();
  ImGui::SetNextItemWidth(unit * 11);
  ImGui::Combo("##kind", &d.kind, kinds.data(), static_cast<int>(kinds.size()));
  ImGui::SameLine();
  ImGui::SetNextItemWidth(unit * 7);
  if (d.kind == 2) {
    const auto now = parsed(d.number, 10);
    if (ImGui::BeginCombo("##state", now ? observe::domain_state_name(unsigned(*now)) : "any state")) {
      for (unsigned s = 0; s <= XS_DOM_DEAD; ++s)
        if (ImGui::Selectable(observe::domain_state_name(s))) d.number = std::to_string(s);
      ImGui::EndCombo();
    }
  } else {
    ImGui::InputTextWithHint("##number", fmt::format("{}, any", numbers[std::size_t(d.kind)]).c_str(),
                             &d.number, ImGuiInputTextFlags_CharsHexadecimal);
  }
  ImGui::SameLine();
  ImGui::SetNextItemWidth(unit * 6);
  ImGui::InputTextWithHint("##domid", "domain, any", &d.domid, ImGuiInputTextFlags_CharsDecimal);
  ImGui::SameLine();
  return ImGui::Button("Add");
}

}  // namespace

void draw_breakpoints(Ui& ui) {
  MachineTab& m = ui.workspace.machine();
  if (!m.run) {
    ImGui::TextWrapped("A recording cannot be stopped: go through it by its changes, hypercalls and steps.");
    return;
  }
  BreakpointDraft& draft = ui.workspace.choice.draft;
  std::vector<Breakpoint>& all = ui.workspace.choice.breakpoints;
  const std::vector<Breakpoint> before = all;
  if (draw_draft(draft)) {
    Breakpoint b;
    b.on = static_cast<Breakpoint::On>(draft.kind);
    b.number = parsed(draft.number, is_frame(unsigned(draft.kind)) ? 16 : 10);
    if (const auto domid = parsed(draft.domid, 10)) b.domid = static_cast<u32>(*domid);
    all.push_back(b);
    draft = {};
  }
  std::size_t gone = all.size();
  for (std::size_t i = 0; i < all.size(); ++i) {
    ImGui::PushID(static_cast<int>(i));
    ImGui::Checkbox(text_of(all[i]).c_str(), &all[i].enabled);
    ImGui::SameLine();
    if (ImGui::Button("Remove")) gone = i;
    ImGui::PopID();
  }
  if (gone < all.size()) all.erase(all.begin() + static_cast<std::ptrdiff_t>(gone));
  if (all != before) m.run->set_breakpoints(all);
}

}  // namespace xs::viz
