#include "viz/draw/style.h"

#include <backends/imgui_impl_opengl3.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "sim/core/error.h"

namespace xs::viz {
namespace {

constexpr float text_pixels = 15;

// First and last character of each range, inclusive; ImGui reads them until the atlas is built.
constexpr ImWchar characters[] = {0x0020, 0x00ff,  // Latin-1, with × µ ² · °
                                  0x0370, 0x03ff,  // Greek
                                  0x2010, 0x2026,  // – — ‘ ’ “ ” • …
                                  0x2070, 0x208e,  // superscript and subscript figures
                                  0x2190, 0x21ff,  // ← ↑ → ↓ ↔ ⇒
                                  0x2200, 0x226f,  // ∅ ∈ √ ∞ ∩ ∪ ≈ ≠ ≤ ≥
                                  0x25a0, 0x25ff,  // ■ □ ▲ ▶ ▼ ◀ ●
                                  0x2713, 0x2717,  // ✓ ✗
                                  0};

ImFont* add_font(const char* name, float scale) {
  const std::string file = std::string("/usr/share/fonts/truetype/dejavu/") + name;
  if (::access(file.c_str(), R_OK) != 0)
    throw Error(file + ": cannot be read; it comes with package fonts-dejavu-core");
  ImFontConfig config;
  config.OversampleH = scale < 1.5F ? 2 : 1;  // large letters need no help
  config.PixelSnapH = true;
  ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
  ImFont* font = atlas.AddFontFromFileTTF(file.c_str(), std::round(text_pixels * scale), &config, characters);
  if (font == nullptr) throw Error(file + ": is no font; package fonts-dejavu-core has one");
  return font;
}

void set_sizes(ImGuiStyle& style, float scale) {
  style.WindowPadding = ImVec2(8, 8);
  style.FramePadding = ImVec2(6, 3);
  style.ItemSpacing = ImVec2(8, 5);
  style.ItemInnerSpacing = ImVec2(5, 4);
  style.CellPadding = ImVec2(5, 2);
  style.ScrollbarSize = 13;
  style.GrabMinSize = 11;
  style.WindowRounding = style.PopupRounding = 4;
  style.FrameRounding = style.GrabRounding = style.TabRounding = style.ScrollbarRounding = 3;
  style.ScaleAllSizes(scale);
  style.WindowBorderSize = style.PopupBorderSize = style.ChildBorderSize = 1;
}

struct Use {
  u32 Palette::*colour;
  std::initializer_list<ImGuiCol> places;
};

void set_colours(ImGuiStyle& style, const Palette& colours) {
  const Use uses[] = {
      {&Palette::text, {ImGuiCol_Text}},
      {&Palette::faint_text, {ImGuiCol_TextDisabled, ImGuiCol_ScrollbarGrabActive}},
      {&Palette::background, {ImGuiCol_WindowBg, ImGuiCol_ScrollbarBg, ImGuiCol_TitleBgCollapsed}},
      {&Palette::raised, {ImGuiCol_PopupBg, ImGuiCol_MenuBarBg, ImGuiCol_TitleBg, ImGuiCol_TableRowBgAlt}},
      {&Palette::grid,
       {ImGuiCol_Border, ImGuiCol_Separator, ImGuiCol_TableBorderStrong, ImGuiCol_TableBorderLight,
        ImGuiCol_ScrollbarGrab, ImGuiCol_ScrollbarGrabHovered, ImGuiCol_ResizeGrip}},
      {&Palette::control,
       {ImGuiCol_FrameBg, ImGuiCol_Button, ImGuiCol_Header, ImGuiCol_Tab, ImGuiCol_TabUnfocused,
        ImGuiCol_TitleBgActive, ImGuiCol_TableHeaderBg}},
      {&Palette::hovered,
       {ImGuiCol_FrameBgHovered, ImGuiCol_ButtonHovered, ImGuiCol_HeaderHovered, ImGuiCol_TabHovered,
        ImGuiCol_TabUnfocusedActive}},
      {&Palette::active,
       {ImGuiCol_FrameBgActive, ImGuiCol_ButtonActive, ImGuiCol_HeaderActive, ImGuiCol_TabActive,
        ImGuiCol_TextSelectedBg}},
      {&Palette::accent,
       {ImGuiCol_CheckMark, ImGuiCol_SliderGrab, ImGuiCol_SliderGrabActive, ImGuiCol_SeparatorHovered,
        ImGuiCol_SeparatorActive, ImGuiCol_ResizeGripHovered, ImGuiCol_ResizeGripActive, ImGuiCol_PlotLines,
        ImGuiCol_PlotLinesHovered, ImGuiCol_PlotHistogram, ImGuiCol_PlotHistogramHovered,
        ImGuiCol_DragDropTarget, ImGuiCol_NavHighlight, ImGuiCol_NavWindowingHighlight}}};
  for (const Use& use : uses)
    for (const ImGuiCol place : use.places)
      style.Colors[place] = ImGui::ColorConvertU32ToFloat4(colours.*use.colour);
  // Nothing is painted over the canvas in its own colour: each layer costs a software renderer milliseconds.
  for (const ImGuiCol place : {ImGuiCol_BorderShadow, ImGuiCol_ChildBg, ImGuiCol_TableRowBg})
    style.Colors[place] = ImVec4(0, 0, 0, 0);
  style.Colors[ImGuiCol_NavWindowingDimBg] = style.Colors[ImGuiCol_ModalWindowDimBg] = ImVec4(0, 0, 0, 0.4F);
}

}  // namespace

Style::Style(Theme theme, float scale) : theme_(theme) { set_scale(scale); }

void Style::set_theme(Theme theme) {
  theme_ = theme;
  look_stale_ = true;
}

void Style::set_scale(float scale) {
  scale = std::clamp(scale, least_scale, greatest_scale);
  if (scale == scale_) return;
  scale_ = scale;
  fonts_stale_ = look_stale_ = true;
}

void Style::refresh() {
  if (look_stale_) {
    ImGuiStyle& style = ImGui::GetStyle();
    style = ImGuiStyle();
    set_sizes(style, scale_);
    set_colours(style, palette(theme_));
    look_stale_ = false;
  }
  if (!fonts_stale_) return;
  ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
  const bool drawn_before = atlas.TexID != nullptr;  // the first frame makes the texture itself
  if (drawn_before) ImGui_ImplOpenGL3_DestroyFontsTexture();
  atlas.Clear();
  text_ = add_font("DejaVuSans.ttf", scale_);
  mono_ = add_font("DejaVuSansMono.ttf", scale_);
  atlas.Build();
  if (drawn_before) ImGui_ImplOpenGL3_CreateFontsTexture();
  fonts_stale_ = false;
}

}  // namespace xs::viz
