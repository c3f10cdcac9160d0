// An image with all its mip levels, and what of it has changed since this was last asked.
#pragma once
#include <span>
#include <vector>

#include "sim/core/types.h"
#include "viz/model/marks.h"

namespace xs::viz {

/// Texels are RGBA8 in the byte order of ImGui's IM_COL32 (0xAABBGGRR), rows from top to bottom without gaps.
/// Level n + 1 is half as wide and high as level n, rounded down, down to 1 x 1; each of its texels is the
/// mean of the area that it covers. At first everything is transparent, and everything has changed.
class Raster {
 public:
  struct Rect {
    u32 level, x, y, w, h;
    bool operator==(const Rect&) const = default;
  };

  Raster(u32 width, u32 height);

  u32 width() const { return levels_[0].width; }
  u32 height() const { return levels_[0].height; }
  u32 levels() const { return static_cast<u32>(levels_.size()); }
  u32 level_width(u32 n) const { return levels_[n].width; }
  u32 level_height(u32 n) const { return levels_[n].height; }
  /// Level 0 is what was set; the others are as the last take_changes() left them.
  std::span<const u32> level(u32 n) const { return levels_[n].texels; }

  /// `index`: y * width() + x.
  void set(u32 index, u32 rgba) {
    Level& base = levels_[0];
    if (base.texels[index] == rgba) return;
    base.texels[index] = rgba;
    base.changed.mark(index);
  }

  /// Brings the levels up to date where something changed. The rectangles cover all that has changed on each
  /// level since the last call, and are disjoint: whole tiles, neighbours joined.
  std::vector<Rect> take_changes();

 private:
  static constexpr u32 tile = 64;
  struct Level {
    Level(u32 w, u32 h);
    u32 width, height;
    u32 tiles_across, tiles_down;
    std::vector<u32> texels;
    Marks changed;          ///< level 0: is another texel; others: covers one that is
    std::vector<u8> tiles;  ///< where a texel is another, during take_changes()
  };

  void take_level(u32 n);
  u64 changed_in_row(u32 n, u32 x, u32 y, u64 bits);
  u32 mean(u32 n, u32 x, u32 y) const;
  static void mark_parents(Level& parent, const Level& of, u32 x, u32 y, u64 bits);
  void take_tiles(u32 n, std::vector<Rect>& rects);

  std::vector<Level> levels_;
};

}  // namespace xs::viz
