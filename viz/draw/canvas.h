// Where a frame of the interface is drawn: a window, or memory.
#pragma once
#include <memory>
#include <string>

#include "sim/core/types.h"
#include "viz/draw/picture.h"

namespace xs::viz {

/// There is one at a time, cleared with the colour of ImGui's windows: one that fills it all need not draw
/// its own background (ImGuiWindowFlags_NoBackground), which costs a software renderer more than all text. It
/// owns ImGui's context and OpenGL's, both current on the thread that made it. What holds textures
/// (RasterTexture) is destroyed first.
class Canvas {
 public:
  Canvas() = default;
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;
  virtual ~Canvas() = default;

  /// Takes input and starts an ImGui frame. False, and no frame, when the user has closed the window.
  virtual bool begin() = 0;
  /// Renders the frame and shows it; a frame that would look as the last one is left as it stands.
  /// `images_changed`: a texture has other texels than in the last frame.
  virtual void end(bool images_changed = true) = 0;
  /// What the last end() showed.
  virtual Picture picture() = 0;
  /// In pixels.
  virtual u32 width() const = 0;
  virtual u32 height() const = 0;
  virtual void set_title(const std::string& title) = 0;
};

/// Both throw xs::Error with one sentence that says what is missing.
std::unique_ptr<Canvas> open_window(const std::string& title, u32 width, u32 height);
/// Needs no display. Each frame takes 1/60 s of ImGui's time and input is what the caller puts into ImGuiIO
/// (keys by the numbers of viz/draw/keys.h) before begin(): the same calls, the same pictures.
std::unique_ptr<Canvas> open_offscreen(u32 width, u32 height);

}  // namespace xs::viz
