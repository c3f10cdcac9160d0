// One domain's P2M: as a matrix of GFNs, as a table of runs, and what of it differs from an earlier moment.
#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "viz/model/p2m.h"
#include "viz/model/timeline.h"
#include "viz/views/view.h"

namespace xs::viz {
namespace {

std::string mfn_text(u64 mfn) { return mfn == invalid_frame ? "none" : fmt::format("{:#x}", mfn); }

std::string entry_text(const P2m& p2m, u64 gfn) {
  if (gfn == invalid_frame) return "no such frame in it";
  const u64 mfn = p2m.mfn(gfn);
  return fmt::format("GFN {:#x} → {}", gfn, mfn == invalid_frame ? "no frame" : "MFN " + mfn_text(mfn));
}

const P2m& p2m_now(MachineTab& m, u32 domid) {
  return m.p2m.get({m.scene.moment(), domid}, [&] { return p2m_of(m.scene.state(), domid); });
}

const P2m& p2m_before(MachineTab& m, u64 moment, u32 domid) {
  return m.p2m_before.get({moment, domid}, [&] {
    Scene earlier(m.recording);
    earlier.show(moment);
    return p2m_of(earlier.state(), domid);
  });
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

void find_gfn(Ui& ui, const MachineTab& m, const P2m& p2m, u64 gfn) {
  ui.workspace.choice.gfn = gfn;
  const u32 frame = m.scene.state().ram().index(p2m.mfn(gfn));
  if (frame != observe::RamMap::none) ui.workspace.choice.frame = frame;
}

/// The machine is asked as long as it has not answered: what a VCPU's own tables say goes before what its
/// processor has.
void await_address(Ui& ui, const MachineTab& m, const P2m& p2m) {
  Choice& choice = ui.workspace.choice;
  std::optional<TranslationWish>& asked = choice.p2m_search.asked;
  const bool ended = m.run->status().state == RunState::ended;
  if (asked && (ended || asked->subject.dv != choice.domid << 16)) asked.reset();
  if (choice.p2m_search.by == P2mSearch::By::va && ended) {
    ImGui::SameLine();
    ImGui::AlignTextToFramePadding();
    ImGui::TextUnformatted("the run has ended");
  }
  if (!asked) return;
  choice.translation = *asked;
  choice.translation_seen = true;
  const auto image = m.run->image().translation;
  if (!image || image->wish != *asked) return;
  asked.reset();
  const Explanation* told = image->own ? &*image->own : image->processor ? &*image->processor : nullptr;
  const bool maps = told && told->tables.ok;
  find_gfn(ui, m, p2m, maps ? p2m.gfn(told->tables.pa >> frame_shift) : invalid_frame);
}

void search(Ui& ui, const MachineTab& m, const P2m& p2m, u64 number) {
  Choice& choice = ui.workspace.choice;
  choice.p2m_search.asked.reset();
  switch (choice.p2m_search.by) {
    case P2mSearch::By::gfn:
      return find_gfn(ui, m, p2m, number);
    case P2mSearch::By::mfn:
      return find_gfn(ui, m, p2m, p2m.gfn(number));
    case P2mSearch::By::va:
      choice.gfn.reset();
      choice.p2m_search.asked = {{std::nullopt, choice.domid << 16}, std::nullopt, number, AddressUse::read};
  }
}

/// A number that is looked for in the P2M.
void draw_search(Ui& ui, MachineTab& m, const P2m& p2m) {
  Choice& choice = ui.workspace.choice;
  ImGui::SetNextItemWidth(ImGui::GetFontSize() * 5);
  int by = static_cast<int>(choice.p2m_search.by);
  if (ImGui::Combo("##by", &by, m.run ? "GFN\0MFN\0VA\0" : "GFN\0MFN\0"))
    choice.p2m_search.by = static_cast<P2mSearch::By>(by), choice.gfn.reset();
  ImGui::SameLine();
  std::array<char, 24> text{};
  choice.p2m_search.typed.copy(text.data(), text.size() - 1);
  ImGui::SetNextItemWidth(ImGui::GetFontSize() * 9);
  const bool asked =
      ImGui::InputTextWithHint("##search", "find, hexadecimal", text.data(), text.size(),
                               ImGuiInputTextFlags_CharsHexadecimal | ImGuiInputTextFlags_EnterReturnsTrue);
  choice.p2m_search.typed = text.data();
  if (asked) search(ui, m, p2m, std::strtoull(text.data(), nullptr, 16));
  if (m.run) await_address(ui, m, p2m);
  if (!choice.gfn) return;
  ImGui::SameLine();
  ImGui::AlignTextToFramePadding();
  ImGui::TextUnformatted(entry_text(p2m, *choice.gfn).c_str());
}

/// GFNs in rows of cells, `each` to a cell.
struct Matrix {
  u64 first, last;  ///< [first, last)
  u64 columns, each;
  float cell;
  ImVec2 at;

  u64 cells() const { return (last - first - 1) / each + 1; }
  u64 lines() const { return (cells() + columns - 1) / columns; }
  ImVec2 corner(u64 i) const {
    const u64 line = i / columns, column = i % columns;
    return {at.x + cell * float(column), at.y + cell * float(line)};
  }
  u64 gfn_at(ImVec2 p) const {
    const u64 line = u64(std::max((p.y - at.y) / cell, 0.0F)),
              column = u64(std::max((p.x - at.x) / cell, 0.0F));
    return first + each * (line * columns + std::min(column, columns - 1));
  }
};

Matrix matrix_of(const P2m& p2m) {
  constexpr u64 most_lines = 24;
  const float cell = std::max(4.0F, ImGui::GetFontSize() * 0.4F);
  Matrix x{p2m.runs.front().gfn, p2m.runs.back().end(), 1, 1, cell, ImGui::GetCursorScreenPos()};
  x.columns = std::max<u64>(u64(ImGui::GetContentRegionAvail().x / cell), 1);
  const u64 places = x.columns * most_lines;
  x.each = (x.last - x.first - 1) / places + 1;
  return x;
}

/// By the owner of its first frame; in the colour of mistakes when the M2P contradicts any of its entries.
Colour cell_colour(const Ui& ui, const MachineTab& m, const P2m& p2m, u64 gfn, u64 each) {
  if (p2m.contradicted(gfn, gfn + each) != 0) return ui.style.colours().bad;
  const u32 frame = m.scene.state().ram().index(p2m.mfn(gfn));
  if (frame == observe::RamMap::none) return ui.style.colours().grid;
  const observe::FrameState& f = m.scene.state().frame(frame);
  return ui.workspace.palette().owner(f.owner, observe::type_of_bits(f.type_bits));
}

void draw_cells(const Ui& ui, const MachineTab& m, const P2m& p2m, const Matrix& x) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  for (u64 i = 0; i < x.cells(); ++i) {
    const u64 gfn = x.first + i * x.each, mfn = p2m.mfn(gfn);
    if (mfn == invalid_frame) continue;
    const bool with_next = p2m.mfn(gfn + x.each) == mfn + x.each;  // frames that lie together have no gap
    const ImVec2 a = x.corner(i);
    draw->AddRectFilled(a, {a.x + x.cell - (with_next ? 0 : 1), a.y + x.cell - 1},
                        cell_colour(ui, m, p2m, gfn, x.each));
  }
  const std::optional<u64>& found = ui.workspace.choice.gfn;
  if (!found || *found < x.first || *found >= x.last) return;
  const ImVec2 a = x.corner((*found - x.first) / x.each);
  draw->AddRect({a.x - 2, a.y - 2}, {a.x + x.cell + 1, a.y + x.cell + 1}, ui.style.colours().accent, 0, 0, 2);
}

void draw_matrix(Ui& ui, const MachineTab& m, const P2m& p2m) {
  if (p2m.runs.empty()) return;
  const Matrix x = matrix_of(p2m);
  ImGui::InvisibleButton("matrix", {std::max(x.cell * float(x.columns), 1.0F), x.cell * float(x.lines())});
  draw_cells(ui, m, p2m, x);
  if (!ImGui::IsItemHovered()) return;
  const u64 gfn = x.gfn_at(ImGui::GetIO().MousePos);
  if (gfn >= x.last) return;
  ImGui::SetTooltip("%s", entry_text(p2m, gfn).c_str());
  if (!ImGui::IsItemClicked()) return;
  find_gfn(ui, m, p2m, gfn);
}

/// `row` makes the texts of one line: only those in sight are made.
template <class Row>
void draw_rows(const char* id, std::array<const char*, 4> titles, std::size_t count, Row row) {
  constexpr ImGuiTableFlags flags =
      ImGuiTableFlags_RowBg | ImGuiTableFlags_ScrollY | ImGuiTableFlags_BordersInnerV;
  if (!ImGui::BeginTable(id, 4, flags)) return;
  ImGui::TableSetupScrollFreeze(0, 1);
  for (const char* title : titles) ImGui::TableSetupColumn(title);
  ImGui::TableHeadersRow();
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(count));
  while (clipper.Step())
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i)
      for (const std::string& text : row(static_cast<std::size_t>(i))) {
        ImGui::TableNextColumn();
        ImGui::TextUnformatted(text.c_str());
      }
  ImGui::EndTable();
}

void draw_difference(Ui& ui, MachineTab& m, const P2m& now, u32 domid) {
  constexpr std::size_t most = 4096;
  const u64 since = ui.workspace.choice.reference->moment;
  const P2mDifferences& d = m.p2m_difference.get({{m.scene.moment(), domid}, since}, [&] {
    return p2m_difference(p2m_before(m, since, domid), now, most);
  });
  ImGui::TextUnformatted(fmt::format("{} entries differ{}", d.count,
                                     d.count > most ? fmt::format(", the first {} of them:", most) : "")
                             .c_str());
  draw_rows("difference", {"GFN", "before", "now", ""}, d.list.size(), [&](std::size_t i) {
    const P2mDifference& e = d.list[i];
    return std::array<std::string, 4>{fmt::format("{:#x}", e.gfn), mfn_text(e.before), mfn_text(e.now), ""};
  });
}

void draw_runs(const P2m& p2m) {
  draw_rows("runs", {"GFN", "MFN", "frames", ""}, p2m.runs.size(), [&](std::size_t i) {
    const P2mRun& r = p2m.runs[i];
    std::string remark = r.count >= 512 && (r.gfn ^ r.mfn) % 512 == 0 ? "superpages" : "";
    if (const u64 wrong = p2m.contradicted(r.gfn, r.end()))
      remark += fmt::format("{}{} against the M2P", remark.empty() ? "" : ", ", wrong);
    return std::array<std::string, 4>{fmt::format("{:#x}", r.gfn), fmt::format("{:#x}", r.mfn),
                                      fmt::format("{}", r.count), remark};
  });
}

}  // namespace

void draw_p2m(Ui& ui) {
  MachineTab& m = ui.workspace.machine();
  const u32 domid = ui.workspace.choice.domid;
  draw_domain_choice(ui, m);
  draw_reference(ui, m);
  const P2m& p2m = p2m_now(m, domid);
  ImGui::TextWrapped("%s", fmt::format("{} entries in {} runs, {} superpages, {} against the M2P; {}",
                                       p2m.entries, p2m.runs.size(), p2m.superpages, p2m.against_m2p.size(),
                                       p2m.recorded ? "the table as recorded" : "from the M2P of its frames")
                               .c_str());
  if (ImGui::Button("Copy as xen-mfndump")) ImGui::SetClipboardText(mfndump_text(p2m).c_str());
  ImGui::SameLine();
  draw_search(ui, m, p2m);
  draw_matrix(ui, m, p2m);
  if (ui.workspace.choice.reference) return draw_difference(ui, m, p2m, domid);
  draw_runs(p2m);
}

}  // namespace xs::viz
