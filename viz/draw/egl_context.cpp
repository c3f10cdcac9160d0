#include "viz/draw/egl_context.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>

#include <array>
#include <string>
#include <string_view>
#include <type_traits>

#include "sim/core/error.h"
#include "viz/draw/gl.h"
#include "viz/draw/library.h"

namespace xs::viz {
namespace {

const std::string purpose = "pictures cannot be drawn without a display";

[[noreturn]] void fail(const std::string& what) {
  throw Error(purpose + ": " + what + " (package libgl1-mesa-dri)");
}

bool has_word(const char* words, std::string_view word) {
  const std::string padded = " " + std::string(words != nullptr ? words : "") + " ";
  return padded.find(" " + std::string(word) + " ") != std::string::npos;
}

struct Egl {
  decltype(&::eglGetProcAddress) GetProcAddress;
  decltype(&::eglQueryString) QueryString;
  decltype(&::eglInitialize) Initialize;
  decltype(&::eglBindAPI) BindAPI;
  decltype(&::eglCreateContext) CreateContext;
  decltype(&::eglMakeCurrent) MakeCurrent;
  decltype(&::eglDestroyContext) DestroyContext;
  decltype(&::eglTerminate) Terminate;
  decltype(&::eglReleaseThread) ReleaseThread;
  PFNEGLQUERYDEVICESEXTPROC QueryDevices;
  PFNEGLQUERYDEVICESTRINGEXTPROC QueryDeviceString;
  PFNEGLGETPLATFORMDISPLAYEXTPROC GetPlatformDisplay;
};

Egl open_egl() {
  void* library = open_library(purpose, "libEGL.so.1", "libegl1");
  Egl egl{};
  const auto find = [library](auto& function, const char* name) {
    function = find_function<std::remove_pointer_t<std::remove_reference_t<decltype(function)>>>(
        purpose, library, name);
  };
  find(egl.GetProcAddress, "eglGetProcAddress");
  find(egl.QueryString, "eglQueryString");
  find(egl.Initialize, "eglInitialize");
  find(egl.BindAPI, "eglBindAPI");
  find(egl.CreateContext, "eglCreateContext");
  find(egl.MakeCurrent, "eglMakeCurrent");
  find(egl.DestroyContext, "eglDestroyContext");
  find(egl.Terminate, "eglTerminate");
  find(egl.ReleaseThread, "eglReleaseThread");
  const char* extensions = egl.QueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS);
  for (const char* wanted : {"EGL_EXT_device_enumeration", "EGL_EXT_platform_device"})
    if (!has_word(extensions, wanted)) fail("EGL has no " + std::string(wanted));
  const auto extension = [&egl](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(egl.GetProcAddress(name));
  };
  extension(egl.QueryDevices, "eglQueryDevicesEXT");
  extension(egl.QueryDeviceString, "eglQueryDeviceStringEXT");
  extension(egl.GetPlatformDisplay, "eglGetPlatformDisplayEXT");
  return egl;
}

const Egl& egl() {
  static const Egl functions = open_egl();
  return functions;
}

EGLDeviceEXT software_device() {
  std::array<EGLDeviceEXT, 32> devices{};
  EGLint count = 0;
  if (egl().QueryDevices(static_cast<EGLint>(devices.size()), devices.data(), &count) != EGL_TRUE) count = 0;
  for (EGLint i = 0; i < count; ++i)
    if (has_word(egl().QueryDeviceString(devices[i], EGL_EXTENSIONS), "EGL_MESA_device_software"))
      return devices[i];
  fail("EGL has no software renderer");
}

}  // namespace

EglContext::EglContext() {
  display_ = egl().GetPlatformDisplay(EGL_PLATFORM_DEVICE_EXT, software_device(), nullptr);
  if (display_ == EGL_NO_DISPLAY || egl().Initialize(display_, nullptr, nullptr) != EGL_TRUE)
    fail("EGL's software renderer does not start");
  constexpr EGLint wanted[] = {EGL_CONTEXT_MAJOR_VERSION_KHR,
                               3,
                               EGL_CONTEXT_MINOR_VERSION_KHR,
                               2,
                               EGL_CONTEXT_OPENGL_PROFILE_MASK_KHR,
                               EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT_KHR,
                               EGL_NONE};
  if (egl().BindAPI(EGL_OPENGL_API) == EGL_TRUE)
    context_ = egl().CreateContext(display_, EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, wanted);
  if (context_ == EGL_NO_CONTEXT ||
      egl().MakeCurrent(display_, EGL_NO_SURFACE, EGL_NO_SURFACE, context_) != EGL_TRUE) {
    egl().Terminate(display_);
    fail("EGL's software renderer has no OpenGL 3.2");
  }
  load_gl(egl().GetProcAddress);
}

EglContext::~EglContext() {
  egl().MakeCurrent(display_, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
  egl().DestroyContext(display_, context_);
  egl().Terminate(display_);
  egl().ReleaseThread();
}

}  // namespace xs::viz
