// ImGui's context and its OpenGL side, for whatever OpenGL context is current.
#pragma once
#include "sim/core/types.h"
#include "viz/draw/picture.h"

namespace xs::viz {

/// ImGui's context. Throws xs::Error when there is one already: it is a global of ImGui's.
class InterfaceContext {
 public:
  InterfaceContext();
  InterfaceContext(const InterfaceContext&) = delete;
  InterfaceContext& operator=(const InterfaceContext&) = delete;
  ~InterfaceContext();
};

/// Draws ImGui's frames into the framebuffer of whoever asks, or into memory.
class Renderer {
 public:
  Renderer();
  Renderer(const Renderer&) = delete;
  Renderer& operator=(const Renderer&) = delete;
  ~Renderer();

  /// To the framebuffer of the OpenGL context.
  void draw(u32 width, u32 height);
  /// To memory, which read() reads.
  void draw_sheet(u32 width, u32 height);
  Picture read_sheet() const;

 private:
  void size_sheet(u32 width, u32 height);

  u32 framebuffer_ = 0, pixels_ = 0;  // made when they are first drawn to
  u32 width_ = 0, height_ = 0;
};

}  // namespace xs::viz
