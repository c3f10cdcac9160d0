// Between domains: frames that changed hands, and frames of one that another's P2M names or that it has
// mapped by grants, as arrows from GFN to GFN.
#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <map>

#include "viz/model/links.h"
#include "viz/model/timeline.h"
#include "viz/views/legend.h"
#include "viz/views/view.h"

namespace xs::viz {
namespace {

struct Look {
  const char* name;
  u32 colour;
  float width;
};
/// By kind.
constexpr Look looks[] = {
    {"flip", rgb(0xf0e442), 2.0F}, {"foreign mapping", rgb(0x56b4e9), 1.2F}, {"grant", rgb(0xa64dff), 1.2F}};
const Look& look_of(const Link& l) { return looks[static_cast<unsigned>(l.kind)]; }
constexpr std::size_t most_arrows = 400;

/// A domain's GFNs as a bar; those that nobody knows stand at its left end.
struct Bar {
  float y = 0;
  u64 end = 1;  ///< GFNs
};

struct Drawing {
  ImVec2 at, size;
  float left = 0;  ///< where bars begin: names stand before
  std::map<u32, Bar> bars;
  float x(const Bar& bar, u64 gfn) const {
    if (gfn == invalid_frame) return left - 4;
    return left + (at.x + size.x - left - 8) * float(double(gfn) / double(bar.end));
  }
};

std::string gfn_text(u64 gfn, u64 count) {
  if (gfn == invalid_frame) return "?";
  return count == 1 ? fmt::format("{:#x}", gfn) : fmt::format("{:#x}–{:#x}", gfn, gfn + count - 1);
}

void add_bar(Drawing& d, u32 domid, u64 gfn, u64 count) {
  Bar& bar = d.bars[domid];
  if (gfn != invalid_frame) bar.end = std::max(bar.end, gfn + count);
}

Drawing layout(const MachineTab& m, const std::vector<Link>& links, ImVec2 at, ImVec2 size) {
  Drawing d{at, size, 0, {}};
  for (const Link& l : links) add_bar(d, l.from, l.from_gfn, l.count), add_bar(d, l.to, l.to_gfn, l.count);
  float widest = 0, y = at.y + ImGui::GetTextLineHeight();
  for (auto& [domid, bar] : d.bars)
    widest = std::max(widest, ImGui::CalcTextSize(m.scene.owner_label(domid).c_str()).x);
  d.left = at.x + widest + ImGui::GetFontSize();
  const float apart =
      d.bars.size() < 2 ? 0 : (size.y - 2 * ImGui::GetTextLineHeight()) / float(d.bars.size() - 1);
  for (auto& [domid, bar] : d.bars) bar.y = y, y += apart;
  return d;
}

void draw_bars(const Ui& ui, const MachineTab& m, const Drawing& d) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const FramePalette palette = ui.workspace.palette();
  const float half = ImGui::GetFontSize() * 0.35F;
  for (const auto& [domid, bar] : d.bars) {
    draw->AddText({d.at.x, bar.y - ImGui::GetTextLineHeight() / 2}, ui.style.colours().text,
                  m.scene.owner_label(domid).c_str());
    draw->AddRectFilled({d.left, bar.y - half}, {d.at.x + d.size.x - 8, bar.y + half},
                        palette.owner(domid, XS_FRAME_NONE));
  }
}

/// From the middle of where it was to the middle of where it is.
void draw_arrow(const Drawing& d, const Link& l) {
  const u32 colour = look_of(l).colour;
  const Bar &from = d.bars.at(l.from), &to = d.bars.at(l.to);
  const u64 half = l.count / 2;
  const ImVec2 a{d.x(from, l.from_gfn == invalid_frame ? l.from_gfn : l.from_gfn + half), from.y};
  const ImVec2 b{d.x(to, l.to_gfn == invalid_frame ? l.to_gfn : l.to_gfn + half), to.y};
  const float head = ImGui::GetFontSize() * 0.45F, way = b.y > a.y ? -1.0F : 1.0F;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddLine(a, {b.x, b.y + way * head}, colour, look_of(l).width);
  draw->AddTriangleFilled({b.x - head / 2, b.y + way * head * 2}, {b.x + head / 2, b.y + way * head * 2},
                          {b.x, b.y + way * head}, colour);
}

void draw_legend() {
  for (const Look& l : looks) draw_legend_entry(l.name, l.colour);
  ImGui::NewLine();
}

void draw_picture(Ui& ui, MachineTab& m, const std::vector<Link>& links) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const ImVec2 size{std::max(ImGui::GetContentRegionAvail().x, 64.0F), ImGui::GetTextLineHeight() * 9};
  ImGui::Dummy(size);
  const Drawing d = layout(m, links, at, size);
  draw_bars(ui, m, d);
  for (std::size_t i = 0; i < std::min(links.size(), most_arrows); ++i) draw_arrow(d, links[i]);
}

std::string reference_text(const Link& l) {
  if (l.reference == ~u64{0}) return "";
  return l.count == 1 ? fmt::format(", reference {}", l.reference)
                      : fmt::format(", references {}–{}", l.reference, l.reference + l.count - 1);
}

std::string domains_text(const MachineTab& m, const Link& l) {
  const std::string from = m.scene.owner_label(l.from), to = m.scene.owner_label(l.to);
  const bool transfer = l.reference != ~u64{0};
  if (l.kind == Link::Kind::flip)
    return fmt::format("{} → {}{}{}", from, to, transfer ? ", transfer" : "", reference_text(l));
  if (l.kind == Link::Kind::foreign) return fmt::format("{} names {}'s", to, from);
  return fmt::format("{} {} {}'s{}", to, l.write ? "writes" : "reads", from, reference_text(l));
}

void draw_row(Ui& ui, MachineTab& m, const Link& l, int number) {
  const bool flip = l.kind == Link::Kind::flip;
  ImGui::TableNextColumn();
  ImGui::PushID(number);
  if (ImGui::Selectable(flip ? short_time(l.time_ps).c_str() : "now", false,
                        ImGuiSelectableFlags_SpanAllColumns)) {
    if (flip) m.transport.go(l.moment);
    const u32 frame = m.scene.state().ram().index(l.mfn);
    if (frame != observe::RamMap::none) ui.workspace.choice.frame = frame;
  }
  ImGui::PopID();
  const std::string words[] = {
      domains_text(m, l), fmt::format("{} → {}", gfn_text(l.from_gfn, l.count), gfn_text(l.to_gfn, l.count)),
      gfn_text(l.mfn, l.count)};
  for (const std::string& text : words) {
    ImGui::TableNextColumn();
    ImGui::TextUnformatted(text.c_str());
  }
}

void draw_table(Ui& ui, MachineTab& m, const std::vector<Link>& links) {
  constexpr ImGuiTableFlags flags = ImGuiTableFlags_RowBg | ImGuiTableFlags_ScrollY |
                                    ImGuiTableFlags_ScrollX | ImGuiTableFlags_BordersInnerV |
                                    ImGuiTableFlags_SizingFixedFit;
  if (!ImGui::BeginTable("links", 4, flags)) return;
  ImGui::TableSetupScrollFreeze(0, 1);
  for (const char* title : {"when", "domains", "GFN", "MFN"}) ImGui::TableSetupColumn(title);
  ImGui::TableHeadersRow();
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(links.size()));
  while (clipper.Step())
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i)
      draw_row(ui, m, links[static_cast<std::size_t>(i)], i);
  ImGui::EndTable();
}

u64 frames_of(const std::vector<Link>& links) {
  u64 frames = 0;
  for (const Link& l : links) frames += l.count;
  return frames;
}

}  // namespace

void draw_links(Ui& ui) {
  MachineTab& m = ui.workspace.machine();
  const std::optional<Reference>& reference = ui.workspace.choice.reference;
  const u64 since = reference ? std::min(reference->moment, m.scene.moment()) : 0;
  std::vector<Link> links = flips_between(m.recording, since, m.scene.moment());
  const u64 flips = frames_of(links);
  const std::vector<Link>& foreign =
      m.foreign_entries.get(m.scene.moment(), [&] { return foreign_entries(m.scene.state()); });
  const std::vector<Link>& granted =
      m.granted_frames.get(m.scene.moment(), [&] { return granted_frames(m.scene.state()); });
  links.insert(links.end(), granted.begin(), granted.end());
  links.insert(links.end(), foreign.begin(), foreign.end());
  ImGui::TextWrapped(
      "%s", fmt::format("frames: {} flipped {}; now {} mapped by grants, {} by another domain otherwise",
                        flips, reference ? "since " + short_time(reference->time_ps) : "so far",
                        frames_of(granted), frames_of(foreign))
                .c_str());
  if (links.empty()) {
    ImGui::TextWrapped(
        "A frame that goes from one domain to another at once, one that another domain has mapped by a "
        "grant, "
        "and one that stands in another domain's P2M are arrows here.");
    return;
  }
  draw_legend();
  draw_picture(ui, m, links);
  draw_table(ui, m, links);
}

}  // namespace xs::viz
