#include "viz/views/tlb_grid.h"

#include <fmt/format.h>
#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <cctype>

#include "viz/views/frame_link.h"

namespace xs::viz {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::vector<std::size_t> rows_with(const MachineTab& m, const TranslationImage& image,
                                   const std::string& filter) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < image.tlb.size(); ++i) {
    const TlbEntryImage& e = image.tlb[i];
    if (filter.empty() || lower(tlb_text(e, frame_label(m, e.frame))).find(filter) != filter.npos)
      out.push_back(i);
  }
  return out;
}

std::string tags_text(const TlbEntryImage& e) {
  std::string out = e.number ? fmt::format("{} {}", e.where, *e.number) : e.where;
  if (e.global) out += " global";
  if (e.rid) out += fmt::format(" RID {:#x}{}", *e.rid, e.reachable ? "" : " (not loaded)");
  if (e.key && *e.key != 0) out += fmt::format(" key {:#x}", *e.key);
  if (!e.present) out += " not present";
  if (!e.accessed) out += " A clear";
  if (!e.dirty) out += " D clear";
  return out;
}

void draw_row(Ui& ui, const MachineTab& m, const TlbEntryImage& e, u64 va) {
  const bool here = e.reachable && ((e.va ^ va) >> e.shift) == 0;
  ImGui::TableNextColumn();
  ImGui::PushFont(ui.style.mono());
  if (here) ImGui::PushStyleColor(ImGuiCol_Text, ui.style.colours().accent);
  if (ImGui::Selectable(fmt::format("{:016x}", e.va).c_str())) {
    TranslationWish& wish = ui.workspace.choice.translation;
    wish.va = e.va, wish.place.reset();
  }
  if (here) ImGui::PopStyleColor();
  ImGui::PopFont();
  ImGui::TableNextColumn();
  ImGui::TextUnformatted(page_size_text(e.shift).c_str());
  ImGui::TableNextColumn();
  draw_frame_link(ui, e.pa >> frame_shift, e.frame);
  ImGui::TableNextColumn();
  ImGui::TextUnformatted(frame_label(m, e.frame).c_str());
  ImGui::TableNextColumn();
  ImGui::TextUnformatted(rights_text(e.rights).c_str());
  ImGui::TableNextColumn();
  ImGui::TextUnformatted(tags_text(e).c_str());
}

}  // namespace

void draw_tlb(Ui& ui, const std::shared_ptr<const TranslationImage>& image) {
  std::string& filter = ui.workspace.choice.tlb_filter;
  MachineTab& m = ui.workspace.machine();
  ImGui::SetNextItemWidth(ImGui::GetFontSize() * 10);
  ImGui::InputTextWithHint("##filter", "filter", &filter);
  const std::vector<std::size_t>& rows =
      m.tlb_rows.get({image, lower(filter)}, [&] { return rows_with(m, *image, lower(filter)); });
  ImGui::SameLine();
  ImGui::TextUnformatted(rows.size() == image->tlb.size()
                             ? fmt::format("TLB: {} entries", rows.size()).c_str()
                             : fmt::format("TLB: {} of {} entries", rows.size(), image->tlb.size()).c_str());
  constexpr ImGuiTableFlags flags = ImGuiTableFlags_RowBg | ImGuiTableFlags_ScrollY |
                                    ImGuiTableFlags_ScrollX | ImGuiTableFlags_BordersInnerV |
                                    ImGuiTableFlags_SizingFixedFit;
  if (!ImGui::BeginTable("tlb", 6, flags)) return;
  ImGui::TableSetupScrollFreeze(0, 1);
  for (const char* title : {"address", "page", "MFN", "owner", "rights by level", "where, tags"})
    ImGui::TableSetupColumn(title);
  ImGui::TableHeadersRow();
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(rows.size()));
  while (clipper.Step())
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      ImGui::PushID(i);
      draw_row(ui, m, image->tlb[rows[static_cast<std::size_t>(i)]], image->va);
      ImGui::PopID();
    }
  ImGui::EndTable();
}

}  // namespace xs::viz
