#include "viz/model/frame_palette.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "hypervisor/abi/observe.h"

namespace xs::viz {

Colour mix(Colour a, Colour b, double amount) {
  Colour out = 0;
  for (unsigned shift = 0; shift < 32; shift += 8) {
    const double x = a >> shift & 0xff, y = b >> shift & 0xff;
    out |= static_cast<u32>(std::lround(x + (y - x) * std::clamp(amount, 0.0, 1.0))) << shift;
  }
  return out;
}

const char* colouring_name(Colouring c) {
  static constexpr const char* names[colourings] = {"owner", "type", "age of last change", "changed since",
                                                    "dirty (live)"};
  return names[static_cast<unsigned>(c)];
}

std::optional<Colouring> colouring_of(std::string_view word) {
  static constexpr std::array<std::string_view, colourings> words = {"owner", "type", "age", "changed",
                                                                     "dirty"};
  const auto at = std::find(words.begin(), words.end(), word);
  if (at == words.end()) return std::nullopt;
  return static_cast<Colouring>(at - words.begin());
}

Colour FramePalette::owner(u32 owner, unsigned type) const {
  if (owner == XS_OWNER_FREE) return dark_ ? rgb(0x2b3038) : rgb(0xdfe3e8);
  if (owner == XS_OWNER_NONE) return dark_ ? rgb(0x101216) : rgb(0xf7f8fa);
  if (owner == XS_OWNER_XEN) return type == XS_FRAME_SHARED ? rgb(0xf0e442) : rgb(0x8a8f98);
  if (type == XS_FRAME_SHARED) return rgb(0xf0e442);
  static constexpr std::array<u32, 5> hues = {0x0072b2, 0xe69f00, 0x009e73, 0x56b4e9, 0xd55e00};
  const Colour hue = rgb(hues[owner % hues.size()]);
  const std::size_t round = owner / hues.size() % 3;  // the same hues again, lighter and darker
  return round == 0 ? hue : mix(hue, round == 1 ? rgb(0xffffff) : rgb(0x000000), 0.4);
}

Colour FramePalette::type(unsigned type) const {
  switch (type) {
    case XS_FRAME_NONE:
      return dark_ ? rgb(0x2b3038) : rgb(0xdfe3e8);
    case XS_FRAME_L1:
      return rgb(0x56b4e9);
    case XS_FRAME_L2:
      return rgb(0x2e86c1);
    case XS_FRAME_L3:
      return rgb(0x0072b2);
    case XS_FRAME_L4:
      return rgb(0x003f6b);
    case XS_FRAME_SEGDESC:
      return rgb(0xcc79a7);
    case XS_FRAME_WRITABLE:
      return rgb(0x009e73);
    case XS_FRAME_SHARED:
      return rgb(0xf0e442);
    case XS_FRAME_P2M:
      return rgb(0xe69f00);
    case XS_FRAME_SHADOW:
      return rgb(0xd55e00);
    default:
      return rgb(0xff00ff);
  }
}

// From bright to dark on black, from dark to bright on white: what is new stands out.
Colour FramePalette::age(unsigned level) const {
  static constexpr std::array<u32, 5> ramp = {0xfde725, 0x5ec962, 0x21918c, 0x3b528b, 0x440154};
  const double at = std::min(level, age_levels - 1) * double(ramp.size() - 1) / (age_levels - 1);
  const std::size_t low = std::min<std::size_t>(static_cast<std::size_t>(at), ramp.size() - 2);
  return mix(rgb(ramp[low]), rgb(ramp[low + 1]), at - static_cast<double>(low));
}

}  // namespace xs::viz
