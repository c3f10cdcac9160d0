// How the live machine translates one address, step by step, and what the TLB holds.
#include <fmt/format.h>
#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <cstdlib>

#include "sim/observe/event.h"
#include "sim/observe/inspect.h"
#include "viz/views/frame_link.h"
#include "viz/views/tlb_grid.h"

namespace xs::viz {
namespace {

void text(u32 colour, const std::string& what) {
  ImGui::PushStyleColor(ImGuiCol_Text, colour);
  ImGui::TextWrapped("%s", what.c_str());
  ImGui::PopStyleColor();
}

std::string vcpu_label(const MachineTab& m, u32 dv) {
  return fmt::format("{} vcpu{}", m.scene.owner_label(observe::dv_domid(dv)), observe::dv_vcpu(dv));
}

std::string subject_label(const MachineTab& m, const SubjectImage& s) {
  if (!s.subject.cpu)
    return vcpu_label(m, s.subject.dv) + (s.state.empty() ? ", runs" : fmt::format(", {}", s.state));
  return fmt::format("CPU {}: {}", *s.subject.cpu, s.dv ? vcpu_label(m, *s.dv) : "no VCPU");
}

void draw_subjects(Ui& ui, const MachineTab& m, const TranslationImage& image) {
  TranslationWish& wish = ui.workspace.choice.translation;
  const auto is_chosen = [&](const SubjectImage& s) { return s.subject == wish.subject; };
  const auto chosen = std::find_if(image.subjects.begin(), image.subjects.end(), is_chosen);
  const std::string label = chosen == image.subjects.end() ? "no such VCPU" : subject_label(m, *chosen);
  ImGui::SetNextItemWidth(ImGui::GetFontSize() * 15);
  if (!ImGui::BeginCombo("##subject", label.c_str())) return;
  for (const SubjectImage& s : image.subjects) {
    ImGui::PushID(static_cast<int>(&s - image.subjects.data()));
    if (ImGui::Selectable(subject_label(m, s).c_str(), is_chosen(s))) wish.subject = s.subject;
    ImGui::PopID();
  }
  ImGui::EndCombo();
}

void draw_uses(TranslationWish& wish, const TranslationImage& image) {
  const bool stacked = image.places[static_cast<unsigned>(AddressPlace::register_stack)].has_value();
  ImGui::SetNextItemWidth(ImGui::GetFontSize() * 7);
  if (!ImGui::BeginCombo("##use", use_name(wish.use))) return;
  for (const AddressUse use :
       {AddressUse::fetch, AddressUse::read, AddressUse::write, AddressUse::register_stack}) {
    if (use == AddressUse::register_stack && !stacked) continue;
    if (ImGui::Selectable(use_name(use), use == wish.use)) wish.use = use;
  }
  ImGui::EndCombo();
}

/// An address that is typed stays; a place is followed.
void draw_address(Ui& ui, const TranslationImage& image) {
  std::string& typed = ui.workspace.choice.address;
  TranslationWish& wish = ui.workspace.choice.translation;
  ImGui::SetNextItemWidth(ImGui::GetFontSize() * 11);
  if (ImGui::InputTextWithHint("##va", "address, hexadecimal", &typed,
                               ImGuiInputTextFlags_CharsHexadecimal | ImGuiInputTextFlags_EnterReturnsTrue))
    wish.va = std::strtoull(typed.c_str(), nullptr, 16), wish.place.reset();
  for (unsigned i = 0; i < address_places; ++i) {
    const auto place = static_cast<AddressPlace>(i);
    if (!image.places[i]) continue;
    ImGui::SameLine();
    const bool on = wish.place == place;
    if (on) ImGui::PushStyleColor(ImGuiCol_Button, ui.style.colours().active);
    if (ImGui::Button(place_name(place))) wish.place = place, wish.use = use_of(place);
    if (on) ImGui::PopStyleColor();
    if (ImGui::IsItemHovered())
      ImGui::SetTooltip("%s", fmt::format("{:#x}, followed", *image.places[i]).c_str());
  }
}

const FrameImage& frame_of(const TranslationImage& image, u64 mfn) {
  static const FrameImage nothing;
  const auto at = image.frames.find(mfn);
  return at == image.frames.end() ? nothing : at->second;
}

void draw_outcome(Ui& ui, const MachineTab& m, const TranslationImage& image, const Explanation& way) {
  const Palette& colours = ui.style.colours();
  if (!way.now.ok) {
    const std::string fault = way.now.fault != 0 ? fmt::format("   ({:#x})", way.now.fault) : "";
    return text(colours.bad, way.now.why + fault);
  }
  const u64 mfn = way.now.pa >> frame_shift;
  draw_frame_link(ui, mfn, frame_of(image, mfn));
  ImGui::SameLine();
  std::string how = way.physical ? "; not translated" : "";
  if (!way.physical && way.now.rights != 0)
    how = fmt::format("; {}, page of {}", rights_text(way.now.rights), page_size_text(way.now.shift));
  text(colours.good,
       fmt::format("+ {:#x}, {}{}", way.now.pa & frame_mask, frame_label(m, frame_of(image, mfn)), how));
}

void draw_tlb_verdict(Ui& ui, const Explanation& way) {
  const Palette& colours = ui.style.colours();
  if (way.physical) return;
  if (!way.held) {
    text(colours.faint_text, "TLB: miss, it has nothing for the address");
  } else {
    const HeldPage& h = *way.held;
    const std::string where = h.number ? fmt::format("{} {}", h.where, *h.number) : h.where;
    const u64 frame = (h.pa + (way.va & ((u64{1} << h.shift) - 1))) >> frame_shift;
    text(
        way.hit ? colours.good : colours.warning,
        fmt::format("{}: {}, frame {:#x}, {}", where,
                    way.hit ? "hit" : "has the page, but not for this access", frame, rights_text(h.rights)));
  }
  if (!way.stale.empty()) text(colours.bad, "STALE: " + way.stale);
}

void draw_step(Ui& ui, const MachineTab& m, const TranslationImage& image, const TranslationStep& step) {
  const u32 faint = ui.style.colours().faint_text;
  ImGui::TableNextColumn();
  ImGui::TextUnformatted(step.what.c_str());
  if (step.at) {
    draw_frame_link(ui, *step.at >> frame_shift, frame_of(image, *step.at >> frame_shift), "at");
    ImGui::SameLine(0, 0);
    ImGui::PushStyleColor(ImGuiCol_Text, faint);
    ImGui::TextUnformatted(fmt::format(" +{:#x}", *step.at & frame_mask).c_str());
    ImGui::PopStyleColor();
  }
  ImGui::TableNextColumn();
  if (step.value) {
    ImGui::PushFont(ui.style.mono());
    ImGui::TextUnformatted(fmt::format("{:016x}", *step.value).c_str());
    ImGui::PopFont();
  }
  if (!step.means.empty()) text(faint, step.means);
  ImGui::TableNextColumn();
  if (step.name) ImGui::TextUnformatted(fmt::format("GFN {:#x}", *step.name).c_str());
  if (!step.frame) return;
  draw_frame_link(ui, *step.frame, frame_of(image, *step.frame), "to");
  text(faint, frame_label(m, frame_of(image, *step.frame)));
}

void draw_way(Ui& ui, const MachineTab& m, const TranslationImage& image, const char* title,
              const Explanation& way, bool of_processor) {
  ImGui::PushID(title);
  ImGui::TextUnformatted(title);
  draw_outcome(ui, m, image, way);
  if (of_processor) draw_tlb_verdict(ui, way);
  constexpr ImGuiTableFlags flags = ImGuiTableFlags_RowBg | ImGuiTableFlags_BordersInner;
  if (ImGui::BeginTable("steps", 3, flags)) {
    const float font = ImGui::GetFontSize();
    ImGui::TableSetupColumn("step", ImGuiTableColumnFlags_WidthStretch, font * 10);
    ImGui::TableSetupColumn("entry", ImGuiTableColumnFlags_WidthStretch, font * 12);
    ImGui::TableSetupColumn("leads to", ImGuiTableColumnFlags_WidthStretch, font * 10);
    ImGui::TableHeadersRow();
    for (const TranslationStep& step : way.steps) {
      ImGui::PushID(static_cast<int>(&step - way.steps.data()));
      draw_step(ui, m, image, step);
      ImGui::PopID();
    }
    ImGui::EndTable();
  }
  ImGui::PopID();
}

void draw_pair(Ui& ui, const MachineTab& m, const TranslationImage& image) {
  const bool both = image.processor && image.own;
  const bool beside = both && ImGui::GetContentRegionAvail().x > ImGui::GetFontSize() * 60;
  if (!image.differ.empty()) text(ui.style.colours().bad, "STALE: " + image.differ);
  if (beside &&
      !ImGui::BeginTable("pair", 2, ImGuiTableFlags_BordersInnerV | ImGuiTableFlags_SizingStretchSame))
    return;
  if (beside) ImGui::TableNextColumn();
  if (image.processor) draw_way(ui, m, image, "What the processor does", *image.processor, true);
  if (beside) ImGui::TableNextColumn();
  if (image.own) draw_way(ui, m, image, "What the guest's own tables say", *image.own, false);
  if (beside) ImGui::EndTable();
}

void draw_heading(const MachineTab& m, const MachineImage& image, const TranslationImage& t) {
  std::string who = t.cpu ? fmt::format("on CPU {}", *t.cpu) : "on no CPU";
  if (t.dv) who = vcpu_label(m, *t.dv) + " " + who;
  if (t.cpu) who += t.guest_code ? ", guest code" : ", hypervisor";
  ImGui::TextWrapped("%s", fmt::format("{:#x}, {}, {}, at {}", t.va, use_name(t.wish.use), who,
                                       observe::time_text(image.time_ps))
                               .c_str());
}

}  // namespace

void draw_translation(Ui& ui) {
  MachineTab& m = ui.workspace.machine();
  if (!m.run) {
    ImGui::TextWrapped(
        "A recording holds neither page tables nor TLBs. Run the scenario live to see how addresses are "
        "translated.");
    return;
  }
  ui.workspace.choice.translation_seen = true;
  const MachineImage image = m.run->image();
  if (!image.translation) return;
  const TranslationImage& t = *image.translation;
  draw_subjects(ui, m, t);
  ImGui::SameLine();
  draw_uses(ui.workspace.choice.translation, t);
  draw_address(ui, t);
  if (!t.known) {
    ImGui::TextWrapped("The hypervisor has no such VCPU now.");
    return;
  }
  draw_heading(m, image, t);
  const float height = ImGui::GetContentRegionAvail().y;
  ImGui::BeginChild("way", {0, t.cpu ? height * 0.62F : 0});
  draw_pair(ui, m, t);
  ImGui::EndChild();
  if (t.cpu) draw_tlb(ui, image.translation);
}

}  // namespace xs::viz
