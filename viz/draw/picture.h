// What a frame of the interface looked like, as a file and as something to compare.
#pragma once
#include <string>
#include <vector>

#include "sim/core/types.h"

namespace xs::viz {

/// Pixels as 0xAABBGGRR, top row first, rows without gaps.
struct Picture {
  u32 width = 0;
  u32 height = 0;
  std::vector<u32> rgba;

  u32 at(u32 x, u32 y) const { return rgba[u64{y} * width + x]; }
  bool operator==(const Picture&) const = default;
};

/// The file is there as a whole or, when this throws xs::Error, as it was before; devices and pipes are
/// written to.
void save_png(const std::string& file, const Picture& picture);
/// Throws xs::Error when the file cannot be read, is no PNG or is damaged.
Picture load_png(const std::string& file);

struct PictureDifference {
  double share = 0;  ///< of the pixels that differ by more than the threshold in any channel
  u32 greatest = 0;  ///< difference of a channel anywhere
};
/// Throws xs::Error when the sizes differ.
PictureDifference compare(const Picture& a, const Picture& b, u32 threshold);

}  // namespace xs::viz
