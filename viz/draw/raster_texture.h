// A Raster as something that ImGui can draw.
#pragma once
#include <imgui.h>

#include "sim/core/types.h"
#include "viz/model/raster.h"

namespace xs::viz {

/// Magnified, texels are squares; made smaller, they are mixed, between two levels too, so that a single one
/// is seen as long as it can be. Lives no longer than the Canvas.
class RasterTexture {
 public:
  RasterTexture() = default;
  RasterTexture(const RasterTexture&) = delete;
  RasterTexture& operator=(const RasterTexture&) = delete;
  ~RasterTexture();

  /// Takes the raster's changes and brings them to the graphics memory; everything when this raster's size is
  /// another than the last one's. One texture for one raster: changes are taken once. True when there were
  /// any.
  bool update(Raster& raster);
  /// For ImGui::Image and ImDrawList::AddImage; null before the first update().
  ImTextureID id() const { return reinterpret_cast<ImTextureID>(static_cast<std::uintptr_t>(texture_)); }

 private:
  void create(const Raster& raster);

  u32 texture_ = 0;
  u32 width_ = 0;
  u32 height_ = 0;
};

}  // namespace xs::viz
