#include "viz/draw/gl.h"

#include <string>
#include <type_traits>

#include "sim/core/error.h"

namespace xs::viz {
namespace {

GlFunctions& functions() {
  static GlFunctions all;
  return all;
}

}  // namespace

const GlFunctions& gl() { return functions(); }

void load_gl(GlFind find) {
  const auto load = [find](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(find(name));
    if (function == nullptr) throw Error(std::string("nothing can be drawn: OpenGL has no function ") + name);
  };
  GlFunctions& all = functions();
  load(all.BindFramebuffer, "glBindFramebuffer");
  load(all.BindRenderbuffer, "glBindRenderbuffer");
  load(all.BindTexture, "glBindTexture");
  load(all.CheckFramebufferStatus, "glCheckFramebufferStatus");
  load(all.Clear, "glClear");
  load(all.ClearColor, "glClearColor");
  load(all.DeleteFramebuffers, "glDeleteFramebuffers");
  load(all.DeleteRenderbuffers, "glDeleteRenderbuffers");
  load(all.DeleteTextures, "glDeleteTextures");
  load(all.Finish, "glFinish");
  load(all.FramebufferRenderbuffer, "glFramebufferRenderbuffer");
  load(all.GenFramebuffers, "glGenFramebuffers");
  load(all.GenRenderbuffers, "glGenRenderbuffers");
  load(all.GenTextures, "glGenTextures");
  load(all.GetIntegerv, "glGetIntegerv");
  load(all.PixelStorei, "glPixelStorei");
  load(all.ReadPixels, "glReadPixels");
  load(all.RenderbufferStorage, "glRenderbufferStorage");
  load(all.TexImage2D, "glTexImage2D");
  load(all.TexParameteri, "glTexParameteri");
  load(all.TexSubImage2D, "glTexSubImage2D");
  load(all.Viewport, "glViewport");
}

}  // namespace xs::viz
