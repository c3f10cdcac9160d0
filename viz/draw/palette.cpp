// The two themes. What is written on each other differs by 4.5:1 at least in luminance (WCAG 2.1, 1.4.3): the
// test computes it.
#include "viz/draw/style.h"

namespace xs::viz {
namespace {

constexpr u32 rgb(u32 value) {  // 0xRRGGBB, as colours are written elsewhere
  return 0xff000000 | (value & 0xff) << 16 | (value & 0xff00) | value >> 16;
}

constexpr Palette dark{.background = rgb(0x16191d),
                       .text = rgb(0xe4e8ec),
                       .faint_text = rgb(0xa3adb8),
                       .accent = rgb(0x6cb4ff),
                       .good = rgb(0x78cf7c),
                       .warning = rgb(0xf0bf5c),
                       .bad = rgb(0xff8078),
                       .grid = rgb(0x3a414a),
                       .raised = rgb(0x21262c),
                       .control = rgb(0x2b323a),
                       .hovered = rgb(0x35414f),
                       .active = rgb(0x2f5580)};

constexpr Palette light{.background = rgb(0xf7f8f9),
                        .text = rgb(0x1c2127),
                        .faint_text = rgb(0x525c67),
                        .accent = rgb(0x0a5cb8),
                        .good = rgb(0x1a7331),
                        .warning = rgb(0x855400),
                        .bad = rgb(0xbf2626),
                        .grid = rgb(0xc6ccd3),
                        .raised = rgb(0xffffff),
                        .control = rgb(0xe6e9ed),
                        .hovered = rgb(0xd3e0ee),
                        .active = rgb(0xa9cdf2)};

}  // namespace

const Palette& palette(Theme theme) { return theme == Theme::dark ? dark : light; }

}  // namespace xs::viz
