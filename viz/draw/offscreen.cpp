// A canvas in memory.
#include <imgui.h>

#include <backends/imgui_impl_opengl3.h>

#include "sim/core/error.h"
#include "viz/draw/canvas.h"
#include "viz/draw/egl_context.h"
#include "viz/draw/fingerprint.h"
#include "viz/draw/gl.h"
#include "viz/draw/interface.h"
#include "viz/draw/keys.h"

namespace xs::viz {
namespace {

// As imgui_impl_glfw has it, so that views find the keys of a window here.
void name_keys(ImGuiIO& io) {
  constexpr struct {
    int name, key;
  } keys[] = {{ImGuiKey_Tab, key::tab},
              {ImGuiKey_LeftArrow, key::left},
              {ImGuiKey_RightArrow, key::right},
              {ImGuiKey_UpArrow, key::up},
              {ImGuiKey_DownArrow, key::down},
              {ImGuiKey_PageUp, key::page_up},
              {ImGuiKey_PageDown, key::page_down},
              {ImGuiKey_Home, key::home},
              {ImGuiKey_End, key::end},
              {ImGuiKey_Insert, key::insert},
              {ImGuiKey_Delete, key::del},
              {ImGuiKey_Backspace, key::backspace},
              {ImGuiKey_Space, ' '},
              {ImGuiKey_Enter, key::enter},
              {ImGuiKey_Escape, key::escape},
              {ImGuiKey_KeyPadEnter, key::keypad_enter},
              {ImGuiKey_A, 'A'},
              {ImGuiKey_C, 'C'},
              {ImGuiKey_V, 'V'},
              {ImGuiKey_X, 'X'},
              {ImGuiKey_Y, 'Y'},
              {ImGuiKey_Z, 'Z'}};
  for (const auto& k : keys) io.KeyMap[k.name] = k.key;
}

class Offscreen : public Canvas {
 public:
  Offscreen(u32 width, u32 height) : width_(width), height_(height) {
    ImGuiIO& io = ImGui::GetIO();
    io.DisplaySize = ImVec2(static_cast<float>(width), static_cast<float>(height));
    io.DeltaTime = 1.0F / 60;
    name_keys(io);
  }

  bool begin() override {
    ImGui_ImplOpenGL3_NewFrame();
    ImGui::NewFrame();
    return true;
  }
  void end(bool images_changed) override {
    ImGui::Render();
    const u64 looks = fingerprint(*ImGui::GetDrawData());
    if (shown_ && !images_changed && looks == shown_as_) return;
    renderer_.draw_sheet(width_, height_);
    gl().Finish();
    shown_ = true;
    shown_as_ = looks;
  }
  Picture picture() override {
    if (!shown_) throw Error("there is no picture before the first frame");
    return renderer_.read_sheet();
  }
  u32 width() const override { return width_; }
  u32 height() const override { return height_; }
  void set_title(const std::string& /*title*/) override {}  // nothing here has one

 private:
  u32 width_, height_;
  bool shown_ = false;
  u64 shown_as_ = 0;
  InterfaceContext interface_;  // first: where there is one already, its OpenGL context stays current
  EglContext gl_;
  Renderer renderer_;
};

}  // namespace

std::unique_ptr<Canvas> open_offscreen(u32 width, u32 height) {
  return std::make_unique<Offscreen>(width, height);
}

}  // namespace xs::viz
