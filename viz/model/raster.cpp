#include "viz/model/raster.h"

#include <algorithm>
#include <bit>

#include "sim/core/error.h"

namespace xs::viz {
namespace {

// What a texel of the next level covers along one axis. Of an even size: two texels. Of an odd one, 2 n + 1,
// whose next level has n: (2 n + 1) / n of them, which is parts of three.
struct Box {
  u32 first, count;
  u32 weight[3];
};

Box box(u32 size, u32 next_size, u32 i) {
  if (size == 1) return {0, 1, {1, 0, 0}};
  if (size % 2 == 0) return {2 * i, 2, {1, 1, 0}};
  return {2 * i, 3, {next_size - i, next_size, i + 1}};
}

u32 channel(u32 rgba, u32 n) { return rgba >> 8 * n & 0xff; }

bool of_one_opacity(u32 a, u32 b, u32 c, u32 d) { return ((a ^ b) | (a ^ c) | (a ^ d)) >> 24 == 0; }

// Four texels of one opacity: two channels at a time, rounded to the nearest.
u32 mean_of_4(u32 a, u32 b, u32 c, u32 d) {
  constexpr u32 lanes = 0x00ff00ff, half = 0x00020002;
  const u32 low = (a & lanes) + (b & lanes) + (c & lanes) + (d & lanes) + half;
  const u32 high = (a >> 8 & lanes) + (b >> 8 & lanes) + (c >> 8 & lanes) + (d >> 8 & lanes) + half;
  return (low >> 2 & lanes) | (high >> 2 & lanes) << 8;
}

// Weighted sums. A colour counts as much as it is opaque, so that what is transparent does not tint its
// neighbours.
struct Sums {
  u64 weight = 0, opacity = 0;
  u64 plain[3] = {}, by_opacity[3] = {};

  void add(u32 rgba, u64 w) {
    const u64 alpha = channel(rgba, 3);
    weight += w;
    opacity += w * alpha;
    for (u32 c = 0; c < 3; ++c) {
      plain[c] += w * channel(rgba, c);
      by_opacity[c] += w * alpha * channel(rgba, c);
    }
  }
  u32 mean() const {
    u64 rgba = (opacity + weight / 2) / weight << 24;
    for (u32 c = 0; c < 3; ++c) {
      const u64 sum = opacity != 0 ? by_opacity[c] : plain[c];
      const u64 of = opacity != 0 ? opacity : weight;
      rgba |= (sum + of / 2) / of << 8 * c;
    }
    return static_cast<u32>(rgba);
  }
};

// Every second bit, from bit 0, side by side.
u64 even_bits(u64 bits) {
  bits &= 0x5555555555555555;
  bits = (bits | bits >> 1) & 0x3333333333333333;
  bits = (bits | bits >> 2) & 0x0f0f0f0f0f0f0f0f;
  bits = (bits | bits >> 4) & 0x00ff00ff00ff00ff;
  bits = (bits | bits >> 8) & 0x0000ffff0000ffff;
  return (bits | bits >> 16) & 0x00000000ffffffff;
}

u64 low_bits(u32 count) { return count < 64 ? (u64{1} << count) - 1 : ~u64{0}; }

}  // namespace

Raster::Level::Level(u32 w, u32 h)
    : width(w),
      height(h),
      tiles_across((w + tile - 1) / tile),
      tiles_down((h + tile - 1) / tile),
      texels(u64{w} * h),
      changed(w * h),
      tiles(u64{tiles_across} * tiles_down) {}

Raster::Raster(u32 width, u32 height) {
  if (width == 0 || height == 0 || u64{width} * height >= u64{1} << 32)
    throw Error("a raster has at least one texel, and fewer than 2^32");
  levels_.reserve(std::bit_width(std::max(width, height)));
  levels_.emplace_back(width, height);
  while (width > 1 || height > 1) {
    width = std::max(width / 2, 1U);
    height = std::max(height / 2, 1U);
    levels_.emplace_back(width, height);
  }
  for (Level& level : levels_) std::fill(level.tiles.begin(), level.tiles.end(), u8{1});
}

// What a texel of level n is by the level before it.
u32 Raster::mean(u32 n, u32 x, u32 y) const {
  const Level& of = levels_[n - 1];
  const Box across = box(of.width, levels_[n].width, x);
  const Box down = box(of.height, levels_[n].height, y);
  const u32* row = &of.texels[u64{down.first} * of.width + across.first];
  Sums sums;
  for (u32 j = 0; j < down.count; ++j, row += of.width)
    for (u32 i = 0; i < across.count; ++i) sums.add(row[i], u64{down.weight[j]} * across.weight[i]);
  return sums.mean();
}

// Of texels x.. of a row, `bits`: those that are another now. Level 0 knows; of other levels they are
// computed.
u64 Raster::changed_in_row(u32 n, u32 x, u32 y, u64 bits) {
  if (n == 0) return bits;
  const Level& of = levels_[n - 1];
  const bool even = of.width % 2 == 0 && of.height % 2 == 0;
  const u32* upper = &of.texels[u64{std::min(2 * y, of.height - 1)} * of.width];
  const u32* lower = upper + (even ? of.width : 0);
  u32* row = &levels_[n].texels[u64{y} * levels_[n].width];
  u64 changed = 0;
  for (u64 left = bits; left != 0; left &= left - 1) {
    const u32 bit = static_cast<u32>(std::countr_zero(left)), i = x + bit;
    const bool simple =
        even && of_one_opacity(upper[2 * i], upper[2 * i + 1], lower[2 * i], lower[2 * i + 1]);
    const u32 now =
        simple ? mean_of_4(upper[2 * i], upper[2 * i + 1], lower[2 * i], lower[2 * i + 1]) : mean(n, i, y);
    if (row[i] == now) continue;
    row[i] = now;
    changed |= u64{1} << bit;
  }
  return changed;
}

// Texel i of an even row lies in texel i / 2 of the next level's; of an odd one, those at even places lie in
// the one before, too, and the last in that alone (see Box).
void Raster::mark_parents(Level& parent, const Level& of, u32 x, u32 y, u64 bits) {
  if (x % 2 != 0) {
    if ((bits & 1) != 0) mark_parents(parent, of, x - 1, y, 2);
    bits >>= 1;
    ++x;
  }
  if (bits == 0) return;
  const u32 column = x / 2;
  u64 columns = even_bits(bits | bits >> 1);
  u32 before = 0;
  if (of.width % 2 != 0) {
    const u64 evens = even_bits(bits);
    columns |= evens >> 1;
    before = (evens & 1) != 0 && column > 0 ? 1 : 0;
  }
  columns &= low_bits(parent.width - std::min(column, parent.width));
  const auto mark_row = [&](u32 row) {
    parent.changed.mark(row * parent.width + column, columns);
    if (before != 0) parent.changed.mark(row * parent.width + column - 1);
  };
  if (y / 2 < parent.height) mark_row(y / 2);
  if (of.height % 2 != 0 && y % 2 == 0 && y > 0) mark_row(y / 2 - 1);
}

void Raster::take_level(u32 n) {
  Level& level = levels_[n];
  level.changed.take_all([&](u32 first, u64 word) {
    u32 y = first / level.width;
    u32 x = first % level.width;
    while (word != 0) {  // a word may hold parts of several rows
      const u32 here = std::min(level.width - x, 64U);
      const u64 bits = changed_in_row(n, x, y, word & low_bits(here));
      if (bits != 0) {
        u8* tiles = &level.tiles[u64{y / tile} * level.tiles_across];
        tiles[(x + static_cast<u32>(std::countr_zero(bits))) / tile] = 1;
        tiles[(x + static_cast<u32>(std::bit_width(bits)) - 1) / tile] = 1;
        if (n + 1 < levels()) mark_parents(levels_[n + 1], level, x, y, bits);
      }
      word = here < 64 ? word >> here : 0;
      x = 0;
      ++y;
    }
  });
}

// Runs of tiles along a row; where the same run stands in the row above, that one's rectangle grows.
void Raster::take_tiles(u32 n, std::vector<Rect>& rects) {
  Level& level = levels_[n];
  std::vector<std::size_t> begun(level.tiles_across,
                                 rects.size());  // the last rectangle that begins in a column
  for (u32 row = 0; row < level.tiles_down; ++row) {
    u8* tiles = &level.tiles[u64{row} * level.tiles_across];
    const u32 y = row * tile, h = std::min(tile, level.height - y);
    for (u32 first = 0, end = 0; first < level.tiles_across; first = end) {
      end = first + 1;
      if (tiles[first] == 0) continue;
      while (end < level.tiles_across && tiles[end] != 0) ++end;
      std::fill(tiles + first, tiles + end, u8{0});
      const u32 x = first * tile, w = std::min(end * tile, level.width) - x;
      const std::size_t above = begun[first];
      if (above < rects.size() && rects[above].w == w && rects[above].y + rects[above].h == y) {
        rects[above].h += h;
      } else {
        begun[first] = rects.size();
        rects.push_back({n, x, y, w, h});
      }
    }
  }
}

std::vector<Raster::Rect> Raster::take_changes() {
  std::vector<Rect> rects;
  for (u32 n = 0; n < levels(); ++n) {
    take_level(n);
    take_tiles(n, rects);
  }
  return rects;
}

}  // namespace xs::viz
