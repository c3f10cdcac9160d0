// One domain's P2M: as a matrix of GFNs, as a table of runs, and what of it differs from an earlier moment.
#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>

#include "viz/model/p2m.h"
#include "viz/model/timeline.h"
#include "viz/views/view.h"

namespace xs::viz {
namespace {

/// Kept as long as the moment and the domain stay.
struct Kept {
  const Recording* recording = nullptr;
  u64 moment = ~u64{0};
  u32 domid = 0;
  P2m p2m;
};

const P2m& p2m_at(Kept& kept, const Recording& recording, const observe::TraceState& state, u64 moment,
                  u32 domid) {
  if (kept.recording != &recording || kept.moment != moment || kept.domid != domid)
    kept = {&recording, moment, domid, p2m_of(state, domid)};
  return kept.p2m;
}

const P2m& p2m_before(MachineTab& m, u64 moment, u32 domid) {
  static Kept kept;
  if (kept.recording == &m.recording && kept.moment == moment && kept.domid == domid) return kept.p2m;
  Scene earlier(m.recording);
  earlier.show(moment);
  return p2m_at(kept, m.recording, earlier.state(), moment, domid);
}

void draw_domain_choice(Ui& ui, const MachineTab& m) {
  u32& domid = ui.workspace.choice.domid;
  ImGui::SetNextItemWidth(ImGui::GetFontSize() * 9);
  if (ImGui::BeginCombo("##domain", m.scene.owner_label(domid).c_str())) {
    for (const observe::DomainInfo& d : m.scene.domains())
      if (ImGui::Selectable(m.scene.owner_label(d.domid).c_str(), d.domid == domid)) domid = d.domid;
    ImGui::EndCombo();
  }
  ImGui::SameLine();
}

void draw_reference(Ui& ui, const MachineTab& m) {
  std::optional<Reference>& reference = ui.workspace.choice.reference;
  if (ImGui::Button("Compare with now")) reference = {m.scene.moment(), m.scene.time_ps()};
  if (!reference) return;
  ImGui::SameLine();
  if (ImGui::Button("Do not compare")) reference.reset();
  if (!reference) return;
  ImGui::SameLine();
  ImGui::TextUnformatted(("with " + short_time(reference->time_ps)).c_str());
}

/// A cell for each `each` GFNs: colour by how they lie.
void draw_matrix(Ui& ui, const MachineTab& m, const P2m& p2m, u32 domid) {
  if (p2m.runs.empty()) return;
  const float width = ImGui::GetContentRegionAvail().x, cell = std::max(4.0F, ImGui::GetFontSize() * 0.4F);
  const u64 first = p2m.runs.front().gfn, last = p2m.runs.back().end();
  const u64 columns = std::max<u64>(u64(width / cell), 1), rows = 24;
  const u64 each = std::max<u64>((last - first + columns * rows - 1) / (columns * rows), 1);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const u64 used = (last - first + each - 1) / each;
  const u64 lines = (used + columns - 1) / columns;
  const float height = cell * float(lines);
  ImGui::InvisibleButton("matrix", {std::max(width, 1.0F), std::max(height, 1.0F)});
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const FramePalette palette = ui.workspace.palette();
  for (u64 i = 0; i < used; ++i) {
    const u64 gfn = first + i * each, mfn = p2m.mfn(gfn);
    if (mfn == invalid_frame) continue;
    const bool right = consistent(m.scene.state(), domid, gfn, mfn);
    const bool with_next = p2m.mfn(gfn + each) == mfn + each;
    const u64 column = i % columns, line = i / columns;
    const ImVec2 a{at.x + cell * float(column), at.y + cell * float(line)};
    const u32 frame = m.scene.state().ram().index(mfn);
    const Colour colour = !right ? ui.style.colours().bad
                          : frame == observe::RamMap::none
                              ? ui.style.colours().grid
                              : palette.owner(m.scene.state().frame(frame).owner,
                                              observe::type_of_bits(m.scene.state().frame(frame).type_bits));
    draw->AddRectFilled(a, {a.x + cell - (with_next ? 0 : 1), a.y + cell - 1}, colour);
  }
  if (!ImGui::IsItemHovered()) return;
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const u64 gfn = first + each * (u64((mouse.y - at.y) / cell) * columns +
                                  std::min(u64((mouse.x - at.x) / cell), columns - 1));
  const u64 mfn = p2m.mfn(gfn);
  if (gfn >= last) return;
  ImGui::SetTooltip("%s", mfn == invalid_frame ? fmt::format("GFN {:#x}: no frame", gfn).c_str()
                                               : fmt::format("GFN {:#x} → MFN {:#x}", gfn, mfn).c_str());
  const u32 frame = m.scene.state().ram().index(mfn);
  if (ImGui::IsItemClicked() && frame != observe::RamMap::none) ui.workspace.choice.frame = frame;
}

void draw_rows(const char* id, const std::vector<std::array<std::string, 4>>& rows,
               std::array<const char*, 4> titles, float height) {
  constexpr ImGuiTableFlags flags =
      ImGuiTableFlags_RowBg | ImGuiTableFlags_ScrollY | ImGuiTableFlags_BordersInnerV;
  if (!ImGui::BeginTable(id, 4, flags, {0, height})) return;
  ImGui::TableSetupScrollFreeze(0, 1);
  for (const char* title : titles) ImGui::TableSetupColumn(title);
  ImGui::TableHeadersRow();
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(rows.size()));
  while (clipper.Step())
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i)
      for (const std::string& text : rows[static_cast<std::size_t>(i)]) {
        ImGui::TableNextColumn();
        ImGui::TextUnformatted(text.c_str());
      }
  ImGui::EndTable();
}

std::string mfn_text(u64 mfn) { return mfn == invalid_frame ? "none" : fmt::format("{:#x}", mfn); }

void draw_difference(Ui& ui, MachineTab& m, const P2m& now, u32 domid) {
  u64 count = 0;
  const auto list =
      p2m_difference(p2m_before(m, ui.workspace.choice.reference->moment, domid), now, 4096, count);
  ImGui::TextUnformatted(fmt::format("{} entries differ", count).c_str());
  std::vector<std::array<std::string, 4>> rows;
  rows.reserve(list.size());
  for (const P2mDifference& d : list)
    rows.push_back({fmt::format("{:#x}", d.gfn), mfn_text(d.before), mfn_text(d.now), ""});
  draw_rows("difference", rows, {"GFN", "before", "now", ""}, 0);
}

}  // namespace

void draw_p2m(Ui& ui) {
  static Kept kept;
  MachineTab& m = ui.workspace.machine();
  const u32 domid = ui.workspace.choice.domid;
  draw_domain_choice(ui, m);
  draw_reference(ui, m);
  const P2m& p2m = p2m_at(kept, m.recording, m.scene.state(), m.scene.moment(), domid);
  ImGui::TextWrapped("%s", fmt::format("{} entries in {} runs, {} superpages, {} against the M2P; {}",
                                       p2m.entries, p2m.runs.size(), p2m.superpages, p2m.inconsistent,
                                       p2m.recorded ? "the table as recorded" : "from the M2P of its frames")
                               .c_str());
  if (ImGui::Button("Copy as xen-mfndump")) ImGui::SetClipboardText(mfndump_text(p2m).c_str());
  draw_matrix(ui, m, p2m, domid);
  if (ui.workspace.choice.reference) return draw_difference(ui, m, p2m, domid);
  std::vector<std::array<std::string, 4>> rows;
  for (const P2mRun& r : p2m.runs)
    rows.push_back({fmt::format("{:#x}", r.gfn), fmt::format("{:#x}", r.mfn), fmt::format("{}", r.count),
                    r.count >= 512 && (r.gfn ^ r.mfn) % 512 == 0 ? "superpages" : ""});
  draw_rows("runs", rows, {"GFN", "MFN", "frames", ""}, 0);
}

}  // namespace xs::viz
