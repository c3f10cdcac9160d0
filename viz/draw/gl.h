// The functions of OpenGL that this room calls, of whatever library the current context comes from.
#pragma once
#define GL_GLEXT_PROTOTYPES  // their types; nothing is linked
#include <GL/glcorearb.h>

namespace xs::viz {

struct GlFunctions {
  decltype(&::glBindFramebuffer) BindFramebuffer;
  decltype(&::glBindRenderbuffer) BindRenderbuffer;
  decltype(&::glBindTexture) BindTexture;
  decltype(&::glCheckFramebufferStatus) CheckFramebufferStatus;
  decltype(&::glClear) Clear;
  decltype(&::glClearColor) ClearColor;
  decltype(&::glDeleteFramebuffers) DeleteFramebuffers;
  decltype(&::glDeleteRenderbuffers) DeleteRenderbuffers;
  decltype(&::glDeleteTextures) DeleteTextures;
  decltype(&::glFinish) Finish;
  decltype(&::glFramebufferRenderbuffer) FramebufferRenderbuffer;
  decltype(&::glGenFramebuffers) GenFramebuffers;
  decltype(&::glGenRenderbuffers) GenRenderbuffers;
  decltype(&::glGenTextures) GenTextures;
  decltype(&::glGetIntegerv) GetIntegerv;
  decltype(&::glPixelStorei) PixelStorei;
  decltype(&::glReadPixels) ReadPixels;
  decltype(&::glRenderbufferStorage) RenderbufferStorage;
  decltype(&::glTexImage2D) TexImage2D;
  decltype(&::glTexParameteri) TexParameteri;
  decltype(&::glTexSubImage2D) TexSubImage2D;
  decltype(&::glViewport) Viewport;
};

/// Those of the context that a Canvas has made.
const GlFunctions& gl();

/// `find`: the context's, by name (glfwGetProcAddress, eglGetProcAddress). Throws xs::Error when one is
/// missing.
using GlFind = void (*(*)(const char* name))();
void load_gl(GlFind find);

}  // namespace xs::viz
