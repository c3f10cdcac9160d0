// OpenGL without display, window or graphics card.
#pragma once

namespace xs::viz {

/// Mesa's software renderer, which draws the same on every machine; current on the thread that makes it. It
/// has no framebuffer of its own. Throws xs::Error when there is no such renderer.
class EglContext {
 public:
  EglContext();
  EglContext(const EglContext&) = delete;
  EglContext& operator=(const EglContext&) = delete;
  ~EglContext();

 private:
  void* display_ = nullptr;  // EGLDisplay, EGLContext: their headers stay out of this one
  void* context_ = nullptr;
};

}  // namespace xs::viz
