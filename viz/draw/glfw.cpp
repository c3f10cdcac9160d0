// GLFW's functions, those that imgui_impl_glfw and the window use: each goes on to the library of that name,
// which brings X11's along and is opened by the first call.
#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

#include <type_traits>

#include "viz/draw/library.h"

namespace {

template <class Function>
Function* find(const char* name) {
  static void* const library = xs::viz::open_library("no window can be opened", "libglfw.so.3", "libglfw3");
  return xs::viz::find_function<Function>("no window can be opened", library, name);
}

}  // namespace

#define FORWARD(result, name, parameters, ...)                                          \
  extern "C" result name parameters {                                                   \
    static const auto function = find<std::remove_pointer_t<decltype(&::name)>>(#name); \
    return function(__VA_ARGS__);                                                       \
  }

FORWARD(int, glfwInit, (), )
FORWARD(void, glfwTerminate, (), )
FORWARD(GLFWerrorfun, glfwSetErrorCallback, (GLFWerrorfun f), f)
FORWARD(void, glfwPollEvents, (), )
FORWARD(void, glfwWaitEventsTimeout, (double seconds), seconds)
FORWARD(double, glfwGetTime, (), )

FORWARD(void, glfwWindowHint, (int hint, int value), hint, value)
FORWARD(GLFWwindow*, glfwCreateWindow,
        (int w, int h, const char* title, GLFWmonitor* monitor, GLFWwindow* share), w, h, title, monitor,
        share)
FORWARD(void, glfwDestroyWindow, (GLFWwindow * w), w)
FORWARD(int, glfwWindowShouldClose, (GLFWwindow * w), w)
FORWARD(void, glfwSetWindowTitle, (GLFWwindow * w, const char* title), w, title)
FORWARD(int, glfwGetWindowAttrib, (GLFWwindow * w, int attribute), w, attribute)
FORWARD(void, glfwSetWindowUserPointer, (GLFWwindow * w, void* user), w, user)
FORWARD(void*, glfwGetWindowUserPointer, (GLFWwindow * w), w)
FORWARD(void, glfwGetWindowSize, (GLFWwindow * w, int* x, int* y), w, x, y)
FORWARD(void, glfwGetFramebufferSize, (GLFWwindow * w, int* x, int* y), w, x, y)
FORWARD(void, glfwMakeContextCurrent, (GLFWwindow * w), w)
FORWARD(void, glfwSwapInterval, (int interval), interval)
FORWARD(void, glfwSwapBuffers, (GLFWwindow * w), w)
FORWARD(GLFWglproc, glfwGetProcAddress, (const char* name), name)

FORWARD(GLFWcursor*, glfwCreateStandardCursor, (int shape), shape)
FORWARD(void, glfwDestroyCursor, (GLFWcursor * cursor), cursor)
FORWARD(void, glfwSetCursor, (GLFWwindow * w, GLFWcursor* cursor), w, cursor)
FORWARD(void, glfwGetCursorPos, (GLFWwindow * w, double* x, double* y), w, x, y)
FORWARD(void, glfwSetCursorPos, (GLFWwindow * w, double x, double y), w, x, y)
FORWARD(int, glfwGetInputMode, (GLFWwindow * w, int mode), w, mode)
FORWARD(void, glfwSetInputMode, (GLFWwindow * w, int mode, int value), w, mode, value)
FORWARD(int, glfwGetMouseButton, (GLFWwindow * w, int button), w, button)
FORWARD(const char*, glfwGetClipboardString, (GLFWwindow * w), w)
FORWARD(void, glfwSetClipboardString, (GLFWwindow * w, const char* text), w, text)
FORWARD(const float*, glfwGetJoystickAxes, (int joystick, int* count), joystick, count)
FORWARD(const unsigned char*, glfwGetJoystickButtons, (int joystick, int* count), joystick, count)

FORWARD(GLFWkeyfun, glfwSetKeyCallback, (GLFWwindow * w, GLFWkeyfun f), w, f)
FORWARD(GLFWcharfun, glfwSetCharCallback, (GLFWwindow * w, GLFWcharfun f), w, f)
FORWARD(GLFWscrollfun, glfwSetScrollCallback, (GLFWwindow * w, GLFWscrollfun f), w, f)
FORWARD(GLFWmousebuttonfun, glfwSetMouseButtonCallback, (GLFWwindow * w, GLFWmousebuttonfun f), w, f)
FORWARD(GLFWcursorenterfun, glfwSetCursorEnterCallback, (GLFWwindow * w, GLFWcursorenterfun f), w, f)
FORWARD(GLFWwindowfocusfun, glfwSetWindowFocusCallback, (GLFWwindow * w, GLFWwindowfocusfun f), w, f)
FORWARD(GLFWwindowrefreshfun, glfwSetWindowRefreshCallback, (GLFWwindow * w, GLFWwindowrefreshfun f), w, f)
FORWARD(GLFWmonitorfun, glfwSetMonitorCallback, (GLFWmonitorfun f), f)
