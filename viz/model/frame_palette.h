// Colours of what frames are, told apart by people with any colour vision: the hues are those of Okabe and
// Ito (Color Universal Design, 2008), ages go along one ramp of rising lightness.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/types.h"

namespace xs::viz {

/// Red in the lowest byte, alpha 255 in the highest, as Dear ImGui packs colours.
using Colour = u32;
constexpr Colour rgb(u32 hex) {
  return 0xff000000u | (hex & 0xff) << 16 | (hex & 0xff00) | (hex >> 16 & 0xff);
}
/// Part `amount` (0 to 1) of the way from a to b.
Colour mix(Colour a, Colour b, double amount);

enum class Colouring : u8 { owner, type, age, changed, dirty };
inline constexpr unsigned colourings = 5;
const char* colouring_name(Colouring c);
/// Of "owner", "type", "age", "changed", "dirty".
std::optional<Colouring> colouring_of(std::string_view word);

class FramePalette {
 public:
  explicit FramePalette(bool dark) : dark_(dark) {}
  bool dark() const { return dark_; }
  /// By owner (domid or XS_OWNER_*); pages that the hypervisor shares with a domain stand out.
  Colour owner(u32 owner, unsigned type) const;
  /// Of a frame that another domain has mapped by a grant. Not Okabe's and Ito's purple, which is the
  /// hypervisor's grey for who does not see green.
  Colour granted() const { return rgb(0xa64dff); }
  Colour type(unsigned type) const;
  static constexpr unsigned age_levels = 16;
  /// 0: just changed.
  Colour age(unsigned level) const;
  Colour never_changed() const { return dark_ ? rgb(0x16181d) : rgb(0xe9ebee); }
  Colour changed() const { return rgb(0xd55e00); }
  Colour unchanged() const { return dark_ ? rgb(0x2b3038) : rgb(0xcfd4da); }
  Colour flash() const { return dark_ ? rgb(0xffffff) : rgb(0x000000); }

 private:
  bool dark_;
};

struct LegendEntry {
  Colour colour = 0;
  std::string text;
};

}  // namespace xs::viz
