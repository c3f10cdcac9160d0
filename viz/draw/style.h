// Fonts and colours of the interface. No OpenGL here: views include this.
#pragma once
#include <imgui.h>

#include "sim/core/types.h"

namespace xs::viz {

enum class Theme { dark, light };

/// IM_COL32, opaque. ImGui's own style is made of the same.
struct Palette {
  u32 background;
  u32 text, faint_text, accent, good, warning, bad;  ///< legible on `background` and `raised`
  u32 grid;                                          ///< lines and empty places, not text
  u32 raised;                                        ///< menus and tooltips
  u32 control, hovered, active;                      ///< what can be clicked; `text` is legible on it
};
const Palette& palette(Theme theme);

/// Made after the Canvas. Takes effect at refresh(), because fonts cannot change within a frame.
class Style {
 public:
  explicit Style(Theme theme = Theme::dark, float scale = 1);

  Theme theme() const { return theme_; }
  void set_theme(Theme theme);
  const Palette& colours() const { return palette(theme_); }

  /// 1: text of 15 pixels. Kept between least_scale and greatest_scale.
  float scale() const { return scale_; }
  void set_scale(float scale);
  static constexpr float least_scale = 0.5F, greatest_scale = 3;

  /// Between frames, before each Canvas::begin(): makes what was set since the last time so. Throws xs::Error
  /// that names the package when a font is missing.
  void refresh();

  /// Valid until the next refresh().
  ImFont* text() const { return text_; }
  ImFont* mono() const { return mono_; }  ///< for addresses and other columns of figures

 private:
  Theme theme_;
  float scale_ = 1;
  bool fonts_stale_ = true, look_stale_ = true;
  ImFont* text_ = nullptr;
  ImFont* mono_ = nullptr;
};

}  // namespace xs::viz
