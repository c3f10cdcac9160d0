#include "viz/draw/interface.h"

#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>

#include <algorithm>

#include "sim/core/error.h"
#include "viz/draw/gl.h"

namespace xs::viz {
namespace {

void clear_and_draw(u32 width, u32 height) {
  const ImVec4 colour = ImGui::GetStyleColorVec4(ImGuiCol_WindowBg);
  gl().Viewport(0, 0, static_cast<GLsizei>(width), static_cast<GLsizei>(height));
  gl().ClearColor(colour.x, colour.y, colour.z, 1);
  gl().Clear(GL_COLOR_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
}

}  // namespace

InterfaceContext::InterfaceContext() {
  if (ImGui::GetCurrentContext() != nullptr)
    throw Error("there is a canvas already, and ImGui has one at a time");
  IMGUI_CHECKVERSION();
  ImGui::CreateContext();
  ImGui::GetIO().IniFilename = nullptr;  // nothing is written where the program happens to run
}

InterfaceContext::~InterfaceContext() { ImGui::DestroyContext(); }

Renderer::Renderer() {
  if (!ImGui_ImplOpenGL3_Init("#version 150"))
    throw Error("nothing can be drawn: libGL.so.1 is missing or older than OpenGL 3 (package libgl1)");
}

Renderer::~Renderer() {
  gl().DeleteFramebuffers(1, &framebuffer_);
  gl().DeleteRenderbuffers(1, &pixels_);
  ImGui_ImplOpenGL3_Shutdown();
}

void Renderer::draw(u32 width, u32 height) {
  gl().BindFramebuffer(GL_FRAMEBUFFER, 0);
  clear_and_draw(width, height);
}

void Renderer::draw_sheet(u32 width, u32 height) {
  size_sheet(width, height);
  gl().BindFramebuffer(GL_FRAMEBUFFER, framebuffer_);
  clear_and_draw(width, height);
}

void Renderer::size_sheet(u32 width, u32 height) {
  if (width == width_ && height == height_) return;
  if (framebuffer_ == 0) {
    gl().GenFramebuffers(1, &framebuffer_);
    gl().GenRenderbuffers(1, &pixels_);
  }
  gl().BindRenderbuffer(GL_RENDERBUFFER, pixels_);
  gl().RenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, static_cast<GLsizei>(width),
                           static_cast<GLsizei>(height));
  gl().BindFramebuffer(GL_FRAMEBUFFER, framebuffer_);
  gl().FramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, pixels_);
  if (gl().CheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE)
    throw Error("a picture of " + std::to_string(width) + " x " + std::to_string(height) +
                " cannot be drawn");
  width_ = width;
  height_ = height;
}

Picture Renderer::read_sheet() const {
  Picture picture{width_, height_, std::vector<u32>(u64{width_} * height_)};
  gl().BindFramebuffer(GL_FRAMEBUFFER, framebuffer_);
  gl().PixelStorei(GL_PACK_ALIGNMENT, 4);
  gl().ReadPixels(0, 0, static_cast<GLsizei>(width_), static_cast<GLsizei>(height_), GL_RGBA,
                  GL_UNSIGNED_BYTE, picture.rgba.data());
  for (u32 y = 0; y < height_ / 2; ++y) {  // OpenGL's first row is the bottom one
    const auto row = picture.rgba.begin() + y * width_;
    std::swap_ranges(row, row + width_, picture.rgba.begin() + (height_ - 1 - y) * width_);
  }
  return picture;
}

}  // namespace xs::viz
