// A canvas in a window.
#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>

#include "sim/core/error.h"
#include "viz/draw/canvas.h"
#include "viz/draw/fingerprint.h"
#include "viz/draw/gl.h"
#include "viz/draw/interface.h"
#include "viz/draw/keys.h"

namespace xs::viz {
namespace {

static_assert(key::escape == GLFW_KEY_ESCAPE && key::enter == GLFW_KEY_ENTER && key::tab == GLFW_KEY_TAB &&
              key::backspace == GLFW_KEY_BACKSPACE && key::insert == GLFW_KEY_INSERT &&
              key::del == GLFW_KEY_DELETE);
static_assert(key::right == GLFW_KEY_RIGHT && key::left == GLFW_KEY_LEFT && key::down == GLFW_KEY_DOWN &&
              key::up == GLFW_KEY_UP && key::page_up == GLFW_KEY_PAGE_UP &&
              key::page_down == GLFW_KEY_PAGE_DOWN && key::home == GLFW_KEY_HOME && key::end == GLFW_KEY_END);
static_assert(key::f1 == GLFW_KEY_F1 && key::f11 == GLFW_KEY_F11 &&
              key::keypad_minus == GLFW_KEY_KP_SUBTRACT && key::keypad_plus == GLFW_KEY_KP_ADD &&
              key::keypad_enter == GLFW_KEY_KP_ENTER);

// GLFW tells what is wrong by a callback, behind which a call fails.
std::string& last_complaint() {
  static std::string text;
  return text;
}

[[noreturn]] void fail() { throw Error("no window can be opened: " + last_complaint()); }

class GlfwLibrary {
 public:
  GlfwLibrary() {
    last_complaint() = "GLFW gives no reason";
    glfwSetErrorCallback([](int, const char* text) { last_complaint() = text; });
    if (glfwInit() != GLFW_TRUE) fail();
  }
  GlfwLibrary(const GlfwLibrary&) = delete;
  GlfwLibrary& operator=(const GlfwLibrary&) = delete;
  ~GlfwLibrary() { glfwTerminate(); }
};

GLFWwindow* create(const std::string& title, u32 width, u32 height) {
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 2);
  glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
  GLFWwindow* window =
      glfwCreateWindow(static_cast<int>(width), static_cast<int>(height), title.c_str(), nullptr, nullptr);
  if (window == nullptr) fail();
  glfwMakeContextCurrent(window);
  glfwSwapInterval(1);
  load_gl(glfwGetProcAddress);
  return window;
}

class InterfaceInput {
 public:
  explicit InterfaceInput(GLFWwindow* window) { ImGui_ImplGlfw_InitForOpenGL(window, true); }
  InterfaceInput(const InterfaceInput&) = delete;
  InterfaceInput& operator=(const InterfaceInput&) = delete;
  ~InterfaceInput() { ImGui_ImplGlfw_Shutdown(); }
};

class Window : public Canvas {
 public:
  Window(const std::string& title, u32 width, u32 height)
      : window_(create(title, width, height), glfwDestroyWindow) {
    glfwSetWindowUserPointer(window_.get(), this);
    glfwSetWindowRefreshCallback(window_.get(), [](GLFWwindow* window) {
      static_cast<Window*>(glfwGetWindowUserPointer(window))->stale_ = true;
    });
  }

  bool begin() override {
    glfwPollEvents();
    // A window that nobody sees is not swapped at any screen's pace.
    while (glfwGetWindowAttrib(window_.get(), GLFW_ICONIFIED) != 0 && !closed()) glfwWaitEventsTimeout(0.1);
    if (closed()) return false;
    ImGui_ImplOpenGL3_NewFrame();
    ImGui_ImplGlfw_NewFrame();
    ImGui::NewFrame();
    return true;
  }
  void end(bool images_changed) override {
    ImGui::Render();
    const u64 looks = fingerprint(*ImGui::GetDrawData());
    if (!stale_ && !images_changed && looks == shown_as_) {
      glfwWaitEventsTimeout(1.0 / 60);
      return;
    }
    renderer_.draw(width(), height());
    glfwSwapBuffers(window_.get());
    stale_ = false;
    shown_as_ = looks;
  }
  // The window's own pixels are the screen's by now: the frame is drawn once more.
  Picture picture() override {
    if (ImGui::GetDrawData() == nullptr) throw Error("there is no picture before the first frame");
    renderer_.draw_sheet(width(), height());
    return renderer_.read_sheet();
  }
  u32 width() const override { return static_cast<u32>(size().first); }
  u32 height() const override { return static_cast<u32>(size().second); }
  void set_title(const std::string& title) override { glfwSetWindowTitle(window_.get(), title.c_str()); }

 private:
  bool closed() const { return glfwWindowShouldClose(window_.get()) != 0; }
  std::pair<int, int> size() const {
    std::pair<int, int> size;
    glfwGetFramebufferSize(window_.get(), &size.first, &size.second);
    return size;
  }

  InterfaceContext interface_;  // first: where there is one already, its OpenGL context stays current
  GlfwLibrary library_;
  std::unique_ptr<GLFWwindow, void (*)(GLFWwindow*)> window_;
  InterfaceInput input_{window_.get()};
  Renderer renderer_;
  bool stale_ = true;  ///< something has been in front of it
  u64 shown_as_ = 0;
};

}  // namespace

std::unique_ptr<Canvas> open_window(const std::string& title, u32 width, u32 height) {
  return std::make_unique<Window>(title, width, height);
}

}  // namespace xs::viz
