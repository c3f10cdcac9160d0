// The pinned frame: what it is, its whole history, and, in a live run, what it holds.
#include <fmt/format.h>
#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "sim/observe/inspect.h"
#include "viz/model/frame_detail.h"
#include "viz/model/grants.h"
#include "viz/model/p2m.h"
#include "viz/views/frame_link.h"
#include "viz/views/view.h"

namespace xs::viz {
namespace {

std::string gfn_text(u64 gfn) {
  if (gfn == XS_M2P_INVALID) return "none";
  return gfn == XS_M2P_SHARED ? "shared" : fmt::format("{:#x}", gfn);
}

/// A number by which a frame is looked for.
void draw_search(Ui& ui, MachineTab& m) {
  std::string& text = ui.workspace.choice.frame_search;
  ImGui::SetNextItemWidth(ImGui::GetFontSize() * 10);
  if (!ImGui::InputTextWithHint("##mfn", "MFN, hexadecimal", &text,
                                ImGuiInputTextFlags_CharsHexadecimal | ImGuiInputTextFlags_EnterReturnsTrue))
    return;
  const u32 frame = m.scene.state().ram().index(std::strtoull(text.c_str(), nullptr, 16));
  if (frame != observe::RamMap::none) ui.workspace.choice.frame = frame;
}

void draw_facts(const MachineTab& m, u32 frame) {
  const observe::TraceState& state = m.scene.state();
  const observe::FrameState& f = state.frame(frame);
  const u64 mfn = state.ram().mfn(frame);
  ImGui::TextUnformatted(fmt::format("MFN {:#x}   address {:#x}", mfn, mfn << frame_shift).c_str());
  ImGui::TextUnformatted(fmt::format("owner {}   type {}   M2P {}", m.scene.owner_label(f.owner),
                                     type_text(f.type_bits), gfn_text(f.gfn))
                             .c_str());
  for (const FrameUse& use : uses_of(state, mfn)) {
    const bool right = consistent(state, use.domid, use.gfn, mfn);
    ImGui::TextUnformatted(fmt::format("P2M of {}: GFN {:#x}{}", m.scene.owner_label(use.domid), use.gfn,
                                       right ? "" : "   (M2P says otherwise)")
                               .c_str());
  }
  for (const std::string& granted : grant_texts(state, mfn)) ImGui::TextUnformatted(granted.c_str());
}

/// Kept from frame to frame: each line of it costs a look into the trace.
const std::vector<FrameChangeText>& history_of(MachineTab& m, u32 frame) {
  return m.history.get({frame, frame_changes(m.recording, frame)},
                       [&] { return frame_history(m.recording, frame); });
}

void draw_history(Ui& ui, MachineTab& m, u32 frame) {
  const float height = m.run ? ImGui::GetContentRegionAvail().y * 0.5F : 0;
  if (!ImGui::BeginTable("history", 3,
                         ImGuiTableFlags_RowBg | ImGuiTableFlags_ScrollY | ImGuiTableFlags_Resizable,
                         {0, height}))
    return;
  ImGui::TableSetupScrollFreeze(0, 1);
  ImGui::TableSetupColumn("time", ImGuiTableColumnFlags_WidthFixed);
  ImGui::TableSetupColumn("what", ImGuiTableColumnFlags_WidthStretch, 0.42F);
  ImGui::TableSetupColumn("by", ImGuiTableColumnFlags_WidthStretch, 0.58F);
  ImGui::TableHeadersRow();
  for (const FrameChangeText& c : history_of(m, frame)) {
    ImGui::TableNextColumn();
    const bool past = c.moment <= m.scene.moment();
    if (!past) ImGui::PushStyleColor(ImGuiCol_Text, ui.style.colours().faint_text);
    ImGui::PushID(static_cast<int>(c.moment));
    if (ImGui::Selectable(observe::time_text(c.time_ps).c_str(), false, ImGuiSelectableFlags_SpanAllColumns))
      m.transport.go(c.moment);
    if (ImGui::IsItemHovered()) ImGui::SetTooltip("%s\n%s", c.what.c_str(), c.cause.c_str());
    ImGui::PopID();
    for (const std::string* text : {&c.what, &c.cause}) {
      ImGui::TableNextColumn();
      ImGui::TextUnformatted(text->c_str());
    }
    if (!past) ImGui::PopStyleColor();
  }
  ImGui::EndTable();
}

void draw_hex(Ui& ui, const FrameContent& content) {
  ImGui::BeginChild("hex");
  ImGui::PushFont(ui.style.mono());
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(content.bytes.size() / 16));
  while (clipper.Step())
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const std::size_t at = static_cast<std::size_t>(i) * 16;
      u64 low, high;
      std::memcpy(&low, &content.bytes[at], 8), std::memcpy(&high, &content.bytes[at + 8], 8);
      std::string line = fmt::format("{:03x}  {:016x} {:016x}  ", at, low, high);
      for (std::size_t k = 0; k < 16; ++k) {
        const u8 c = content.bytes[at + k];
        line += c >= 32 && c < 127 ? static_cast<char>(c) : '.';
      }
      ImGui::TextUnformatted(line.c_str());
    }
  ImGui::PopFont();
  ImGui::EndChild();
}

/// Used entries of a table, decoded.
void draw_entries(Ui& ui, const MachineTab& m, const FrameContent& content) {
  ImGui::TextUnformatted(fmt::format("{} entries in use", content.entries.size()).c_str());
  constexpr ImGuiTableFlags flags = ImGuiTableFlags_RowBg | ImGuiTableFlags_ScrollY |
                                    ImGuiTableFlags_ScrollX | ImGuiTableFlags_BordersInnerV |
                                    ImGuiTableFlags_SizingFixedFit;
  if (!ImGui::BeginTable("entries", 5, flags)) return;
  ImGui::TableSetupScrollFreeze(0, 1);
  for (const char* title : {"index", "value", "frame", "owner", "fields"}) ImGui::TableSetupColumn(title);
  ImGui::TableHeadersRow();
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(content.entries.size()));
  while (clipper.Step())
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const TableEntryImage& e = content.entries[static_cast<std::size_t>(i)];
      ImGui::PushID(i);
      ImGui::PushFont(ui.style.mono());
      ImGui::TableNextColumn();
      ImGui::TextUnformatted(fmt::format("{:#05x}", e.index).c_str());
      ImGui::TableNextColumn();
      ImGui::TextUnformatted(fmt::format("{:016x}", e.value).c_str());
      ImGui::PopFont();
      ImGui::TableNextColumn();
      if (e.frame) draw_frame_link(ui, *e.frame, e.frame_image);
      ImGui::TableNextColumn();
      if (e.frame) ImGui::TextUnformatted(frame_label(m, e.frame_image).c_str());
      ImGui::TableNextColumn();
      ImGui::TextUnformatted(e.means.c_str());
      ImGui::PopID();
    }
  ImGui::EndTable();
}

void draw_content(Ui& ui, const MachineTab& m, const FrameContent& content) {
  ImGui::TextUnformatted(
      fmt::format("now: {} type references, {} general", content.type_count, content.general_count).c_str());
  if (content.bytes.empty()) return;
  if (!content.table) return draw_hex(ui, content);
  if (!ImGui::BeginTabBar("content")) return;
  if (ImGui::BeginTabItem("entries")) {
    draw_entries(ui, m, content);
    ImGui::EndTabItem();
  }
  if (ImGui::BeginTabItem("bytes")) {
    draw_hex(ui, content);
    ImGui::EndTabItem();
  }
  ImGui::EndTabBar();
}

}  // namespace

void draw_frame(Ui& ui) {
  MachineTab& m = ui.workspace.machine();
  draw_search(ui, m);
  if (!ui.workspace.choice.frame) {
    ImGui::TextWrapped("Click a frame of the map, or give its number.");
    return;
  }
  const u32 frame = *ui.workspace.choice.frame;
  draw_facts(m, frame);
  draw_history(ui, m, frame);
  if (!m.run) return;
  const MachineImage image = m.run->image();
  if (image.frame && image.frame->mfn == m.scene.state().ram().mfn(frame)) draw_content(ui, m, *image.frame);
}

}  // namespace xs::viz
