// All frames of a machine as an image, one texel each, painted anew only where something changed.
//
//     dense frame index ──row-major──> texel; `columns` frames a row, a multiple of 64
#pragma once
#include <memory>
#include <unordered_map>
#include <vector>

#include "viz/model/dirty.h"
#include "viz/model/frame_palette.h"
#include "viz/model/raster.h"
#include "viz/model/scene.h"

namespace xs::viz {

struct MapLook {
  Colouring colouring = Colouring::owner;
  bool dark = true;
  u64 since_ps = 0;                               ///< for Colouring::changed
  std::shared_ptr<const DirtyFrames> dirty = {};  ///< for Colouring::dirty; null: not known
  bool operator==(const MapLook&) const = default;
};

class FrameMap {
 public:
  explicit FrameMap(u64 frames);

  /// Brings the raster up to the scene's moment. `now_s`: the user's clock, by which flashes fade.
  void paint(Scene& scene, const MapLook& look, double now_s);
  Raster& raster() { return raster_; }
  u32 columns() const { return columns_; }
  u32 rows() const { return raster_.height(); }
  /// observe::RamMap::none outside.
  u32 frame_at(u32 column, u32 row) const;

  static constexpr double flash_s = 0.8;
  static constexpr std::size_t most_flashes = 1 << 15;  ///< further changes show without

 private:
  Colour colour(const Scene& scene, u32 frame) const;
  Colour age_colour(const Scene& scene, u32 frame) const;
  void paint_all(const Scene& scene);
  void paint_flashes(const Scene& scene, double now_s);

  u64 frames_;
  u32 columns_;
  Raster raster_;
  MapLook look_;
  FramePalette palette_{true};
  static constexpr u64 never_painted = ~u64{0};
  u64 painted_ps_ = never_painted;           ///< ages are as of then
  std::unordered_map<u32, double> flashes_;  ///< frame -> when it began
};

/// What the colours of a look mean, for the owners that there are.
std::vector<LegendEntry> legend(const Scene& scene, const MapLook& look);

}  // namespace xs::viz
