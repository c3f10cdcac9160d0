#include "viz/draw/raster_texture.h"

#include <string>

#include "sim/core/error.h"
#include "viz/draw/gl.h"

namespace xs::viz {
namespace {

void upload(const Raster& raster, const Raster::Rect& r) {
  const u32 across = raster.level_width(r.level);
  gl().PixelStorei(GL_UNPACK_ROW_LENGTH, static_cast<GLint>(across));
  gl().TexSubImage2D(GL_TEXTURE_2D, static_cast<GLint>(r.level), static_cast<GLint>(r.x),
                     static_cast<GLint>(r.y), static_cast<GLsizei>(r.w), static_cast<GLsizei>(r.h), GL_RGBA,
                     GL_UNSIGNED_BYTE, &raster.level(r.level)[u64{r.y} * across + r.x]);
}

}  // namespace

RasterTexture::~RasterTexture() {
  if (texture_ != 0) gl().DeleteTextures(1, &texture_);
}

void RasterTexture::create(const Raster& raster) {
  GLint most = 0;
  gl().GetIntegerv(GL_MAX_TEXTURE_SIZE, &most);
  if (raster.width() > static_cast<u32>(most) || raster.height() > static_cast<u32>(most))
    throw Error("this graphics driver cannot draw " + std::to_string(raster.width()) + " x " +
                std::to_string(raster.height()) + " texels at once, " + std::to_string(most) + " x " +
                std::to_string(most) + " at most");
  if (texture_ == 0) gl().GenTextures(1, &texture_);
  gl().BindTexture(GL_TEXTURE_2D, texture_);
  gl().TexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, static_cast<GLint>(raster.levels() - 1));
  gl().TexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
  gl().TexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR_MIPMAP_LINEAR);
  gl().TexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
  gl().TexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
  for (u32 n = 0; n < raster.levels(); ++n)
    gl().TexImage2D(GL_TEXTURE_2D, static_cast<GLint>(n), GL_RGBA8,
                    static_cast<GLsizei>(raster.level_width(n)), static_cast<GLsizei>(raster.level_height(n)),
                    0, GL_RGBA, GL_UNSIGNED_BYTE, raster.level(n).data());
  width_ = raster.width();
  height_ = raster.height();
}

bool RasterTexture::update(Raster& raster) {
  const auto changes = raster.take_changes();
  gl().PixelStorei(GL_UNPACK_ALIGNMENT, 4);
  gl().PixelStorei(GL_UNPACK_ROW_LENGTH, 0);
  if (raster.width() != width_ || raster.height() != height_) {
    create(raster);
    return true;
  }
  gl().BindTexture(GL_TEXTURE_2D, texture_);
  for (const Raster::Rect& r : changes) upload(raster, r);
  gl().PixelStorei(GL_UNPACK_ROW_LENGTH, 0);
  return !changes.empty();
}

}  // namespace xs::viz
