// All frames of the machine, one texel each: zoom with the wheel, move by dragging, click to pin.
#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <cmath>

#include "sim/observe/names.h"
#include "viz/model/frame_detail.h"
#include "viz/model/grants.h"
#include "viz/model/p2m.h"
#include "viz/model/timeline.h"
#include "viz/views/view.h"

namespace xs::viz {
namespace {

struct Area {
  ImVec2 at, size;
  double pixels;  ///< of a frame
  MapPlace place;
  ImVec2 screen(double column, double row) const {
    return {at.x + float((column - place.column) * pixels), at.y + float((row - place.row) * pixels)};
  }
  double column(float x) const { return place.column + double(x - at.x) / pixels; }
  double row(float y) const { return place.row + double(y - at.y) / pixels; }
};

/// The button that is being released has moved since it went down.
bool dragged() {
  const ImGuiIO& io = ImGui::GetIO();
  return io.MouseDragMaxDistanceSqr[0] > io.MouseDragThreshold * io.MouseDragThreshold;
}

double fitting(const FrameMap& map, ImVec2 size) {
  return std::min(double(size.x) / map.columns(), double(size.y) / map.rows());
}

void draw_legend(Ui& ui, const MachineTab& m) {
  MapLook& look = ui.workspace.choice.look;
  ImGui::SetNextItemWidth(ImGui::GetFontSize() * 10);
  if (ImGui::BeginCombo("##colouring", colouring_name(look.colouring))) {
    for (unsigned i = 0; i < colourings; ++i) {
      const auto c = static_cast<Colouring>(i);
      if (ImGui::Selectable(colouring_name(c), c == look.colouring)) look.colouring = c;
    }
    ImGui::EndCombo();
  }
  if (look.colouring == Colouring::dirty && m.run && m.run->status().state == RunState::paused) {
    ImGui::SameLine();
    if (ImGui::Button("From now")) ++ui.workspace.choice.dirty_since;
    if (ImGui::IsItemHovered()) ImGui::SetTooltip("dirty is what is another from here on");
  }
  const float right = ImGui::GetWindowContentRegionMax().x;
  for (const LegendEntry& e : legend(m.scene, m.look)) {
    const float side = ImGui::GetFontSize();
    ImGui::SameLine();
    const float width = side * 1.4F + ImGui::CalcTextSize(e.text.c_str()).x;
    if (ImGui::GetCursorPosX() + width > right) ImGui::NewLine();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float drop = ImGui::GetStyle().FramePadding.y;
    ImDrawList* draw = ImGui::GetWindowDrawList();
    draw->AddRectFilled({at.x, at.y + drop}, {at.x + side, at.y + drop + side}, e.colour);
    draw->AddRect({at.x, at.y + drop}, {at.x + side, at.y + drop + side}, ui.style.colours().grid);
    ImGui::Dummy({side, side});
    ImGui::SameLine(0, side * 0.3F);
    ImGui::AlignTextToFramePadding();
    ImGui::TextUnformatted(e.text.c_str());
  }
}

/// Wheel and drag; the point under the mouse stays there.
void navigate(Area& area, const FrameMap& map, MapPlace& place, bool hovered, bool active) {
  const ImGuiIO& io = ImGui::GetIO();
  const double fit = fitting(map, area.size);
  if (hovered && io.MouseWheel != 0) {
    const double column = area.column(io.MousePos.x), row = area.row(io.MousePos.y);
    const double pixels = std::clamp(area.pixels * std::pow(1.25, double(io.MouseWheel)), fit, 64.0);
    place = {pixels, column - double(io.MousePos.x - area.at.x) / pixels,
             row - double(io.MousePos.y - area.at.y) / pixels};
    if (pixels <= fit) place = {};
  } else if (active && ImGui::IsMouseDragging(0) && place.pixels > 0) {
    place.column -= double(io.MouseDelta.x) / area.pixels;
    place.row -= double(io.MouseDelta.y) / area.pixels;
  }
  if (place.pixels <= 0) return;
  // At least a corner of the map stays in sight.
  place.column = std::clamp(place.column, 1 - double(area.size.x) / area.pixels, map.columns() - 1.0);
  place.row = std::clamp(place.row, 1 - double(area.size.y) / area.pixels, map.rows() - 1.0);
}

/// What only the live machine knows; it is asked by the next picture.
std::string counts_text(Ui& ui, const MachineTab& m, u64 mfn) {
  if (!m.run) return {};
  ui.workspace.choice.hovered = mfn;
  const MachineImage image = m.run->image();
  if (!image.counts || image.counts->mfn != mfn) return {};
  return fmt::format("\nnow: {} type references, {} general", image.counts->type_count,
                     image.counts->general_count);
}

void describe(Ui& ui, MachineTab& m, u32 frame) {
  const observe::TraceState& state = m.scene.state();
  const observe::FrameState& f = state.frame(frame);
  const u64 mfn = state.ram().mfn(frame);
  const u64 last = m.scene.last_change_ps(frame);
  std::string text = fmt::format("MFN {:#x}\nowner {}\ntype {}\nM2P {}", mfn, m.scene.owner_label(f.owner),
                                 type_text(f.type_bits),
                                 f.gfn == XS_M2P_INVALID  ? "none"
                                 : f.gfn == XS_M2P_SHARED ? "shared"
                                                          : fmt::format("{:#x}", f.gfn));
  text += last == Scene::never
              ? "\nnever changed"
              : "\nlast change " + short_time(m.scene.time_ps() - std::min(last, m.scene.time_ps())) + " ago";
  text += counts_text(ui, m, mfn);
  const auto find = [&] { return uses_of(state, mfn); };
  for (const FrameUse& use : m.uses.get({m.scene.moment(), mfn}, find))
    text += fmt::format("\nin the P2M of {}, GFN {:#x}", m.scene.owner_label(use.domid), use.gfn);
  for (const std::string& granted : grant_texts(state, mfn)) text += "\n" + granted;
  ImGui::SetTooltip("%s", text.c_str());
}

void outline(const Ui& ui, const Area& area, const FrameMap& map, u32 frame, u32 colour) {
  const u32 column = frame % map.columns(), row = frame / map.columns();
  ImVec2 a = area.screen(column, row), b = area.screen(column + 1.0, row + 1.0);
  const float least = ImGui::GetFontSize() * 0.4F;  // to be found from afar
  const float grow = std::max(0.0F, (least - (b.x - a.x)) / 2) + 1;
  a = {a.x - grow, a.y - grow}, b = {b.x + grow, b.y + grow};
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRect(a, b, ui.style.colours().background, 0, 0, 4);
  draw->AddRect(a, b, colour, 0, 0, 2);
}

/// What the texels are called, when there is room for it.
void draw_numbers(const Ui& ui, const MachineTab& m, const Area& area) {
  if (area.pixels < 40) return;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  for (double row = std::max(0.0, std::floor(area.place.row)); row <= area.row(area.at.y + area.size.y);
       ++row)
    for (double column = std::max(0.0, std::floor(area.place.column));
         column <= area.column(area.at.x + area.size.x); ++column) {
      const u32 frame = m.map.frame_at(static_cast<u32>(column), static_cast<u32>(row));
      if (frame == observe::RamMap::none) continue;
      const ImVec2 at = area.screen(column, row);
      draw->AddText(ui.style.mono(), 10, {at.x + 2, at.y + 2}, 0xff000000,
                    fmt::format("{:x}", m.scene.state().ram().mfn(frame) & 0xffffff).c_str());
    }
}

void draw_machine(Ui& ui, u32 number, ImVec2 size) {
  Choice& choice = ui.workspace.choice;
  MachineTab& m = *ui.workspace.machines()[number];
  MapPlace& place = choice.place;
  Area area{ImGui::GetCursorScreenPos(), size, 0, place};
  area.pixels = place.pixels > 0 ? place.pixels : fitting(m.map, size);
  if (place.pixels <= 0) area.place = {};
  ImGui::InvisibleButton(fmt::format("map{}", number).c_str(), size);
  const bool hovered = ImGui::IsItemHovered(), active = ImGui::IsItemActive();
  navigate(area, m.map, place, hovered, active);
  if (place.pixels > 0) area.place = place, area.pixels = place.pixels;

  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImVec2 corner{area.at.x + size.x, area.at.y + size.y};
  draw->PushClipRect(area.at, corner, true);
  draw->AddImage(ui.map_texture(m), area.screen(0, 0), area.screen(m.map.columns(), m.map.rows()));
  draw_numbers(ui, m, area);
  if (choice.frame && choice.machine == number)
    outline(ui, area, m.map, *choice.frame, ui.style.colours().accent);
  draw->PopClipRect();

  if (!hovered) return;
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const double column = area.column(mouse.x), row = area.row(mouse.y);
  const u32 frame = column < 0 || row < 0 ? observe::RamMap::none
                                          : m.map.frame_at(static_cast<u32>(column), static_cast<u32>(row));
  if (frame == observe::RamMap::none) return;
  if (!ImGui::IsMouseDragging(0)) describe(ui, m, frame);
  if (ImGui::IsMouseReleased(0) && !dragged()) {
    choice.frame = frame, choice.machine = number;
    choice.tab = "frame";
  }
}

}  // namespace

void draw_map(Ui& ui) {
  const auto& machines = ui.workspace.machines();
  draw_legend(ui, ui.workspace.machine());
  const ImVec2 space = ImGui::GetContentRegionAvail();
  const float gap = ImGui::GetStyle().ItemSpacing.x;
  const float n = float(machines.size());
  for (u32 i = 0; i < machines.size(); ++i) {
    if (i != 0) ImGui::SameLine();
    ImGui::BeginGroup();
    float height = space.y;
    if (machines.size() > 1) {
      ImGui::TextUnformatted(machines[i]->title.c_str());
      height -= ImGui::GetTextLineHeightWithSpacing();
    }
    draw_machine(ui, i, {std::max((space.x - gap * (n - 1)) / n, 16.0F), std::max(height, 16.0F)});
    ImGui::EndGroup();
  }
}

}  // namespace xs::viz
