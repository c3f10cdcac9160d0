#include "viz/draw/egl_context.h"

#include <dlfcn.h>
#include <epoxy/egl.h>

#include <array>
#include <string>
#include <string_view>

#include "sim/core/error.h"

namespace xs::viz {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw Error("pictures cannot be drawn without a display: " + what + " (packages libegl1, libgl1-mesa-dri)");
}

bool has_word(const char* words, std::string_view word) {
  const std::string padded = " " + std::string(words != nullptr ? words : "") + " ";
  return padded.find(" " + std::string(word) + " ") != std::string::npos;
}

// epoxy ends the program when it finds no library, or no function of that name in it.
void expect_egl() {
  void* library = ::dlopen("libEGL.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) fail("libEGL.so.1 is missing");
  ::dlclose(library);
  const char* extensions = eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS);
  for (const char* wanted : {"EGL_EXT_device_enumeration", "EGL_EXT_platform_device"})
    if (!has_word(extensions, wanted)) fail("EGL has no " + std::string(wanted));
}

EGLDeviceEXT software_device() {
  std::array<EGLDeviceEXT, 32> devices{};
  EGLint count = 0;
  if (eglQueryDevicesEXT(static_cast<EGLint>(devices.size()), devices.data(), &count) != EGL_TRUE) count = 0;
  for (EGLint i = 0; i < count; ++i)
    if (has_word(eglQueryDeviceStringEXT(devices[i], EGL_EXTENSIONS), "EGL_MESA_device_software"))
      return devices[i];
  fail("EGL has no software renderer");
}

}  // namespace

EglContext::EglContext() {
  expect_egl();
  display_ = eglGetPlatformDisplayEXT(EGL_PLATFORM_DEVICE_EXT, software_device(), nullptr);
  if (display_ == EGL_NO_DISPLAY || eglInitialize(display_, nullptr, nullptr) != EGL_TRUE)
    fail("EGL's software renderer does not start");
  constexpr EGLint wanted[] = {EGL_CONTEXT_MAJOR_VERSION_KHR,
                               3,
                               EGL_CONTEXT_MINOR_VERSION_KHR,
                               2,
                               EGL_CONTEXT_OPENGL_PROFILE_MASK_KHR,
                               EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT_KHR,
                               EGL_NONE};
  if (eglBindAPI(EGL_OPENGL_API) == EGL_TRUE)
    context_ = eglCreateContext(display_, EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, wanted);
  if (context_ == EGL_NO_CONTEXT ||
      eglMakeCurrent(display_, EGL_NO_SURFACE, EGL_NO_SURFACE, context_) != EGL_TRUE) {
    eglTerminate(display_);
    fail("EGL's software renderer has no OpenGL 3.2");
  }
}

EglContext::~EglContext() {
  eglMakeCurrent(display_, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
  eglDestroyContext(display_, context_);
  eglTerminate(display_);
  eglReleaseThread();
}

}  // namespace xs::viz
