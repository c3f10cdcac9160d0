#include "viz/model/translation.h"

#include <fmt/format.h>

#include <cstdio>

namespace xs::viz {

std::optional<Subject> subject_of(const std::string& text) {
  unsigned a = 0, b = 0;
  char rest = 0;
  if (std::sscanf(text.c_str(), "cpu%u%c", &a, &rest) == 1) return Subject{a, 0};
  if (std::sscanf(text.c_str(), "d%uv%u%c", &a, &b, &rest) == 2 && a <= 0xffff && b <= 0xffff)
    return Subject{std::nullopt, a << 16 | b};
  return std::nullopt;
}

std::string rights_text(u8 rights) {
  std::string out = "---";
  if (rights & page_read) out[0] = 'r';
  if (rights & page_write) out[1] = 'w';
  if (rights & page_execute) out[2] = 'x';
  return out;
}

std::string rights_text(const std::array<u8, 4>& by_level) {
  std::string out;
  for (std::size_t first = 0, next = 0; first < by_level.size(); first = next) {
    for (next = first + 1; next < by_level.size() && by_level[next] == by_level[first];) ++next;
    if (next - first == by_level.size()) return rights_text(by_level[first]);
    if (by_level[first] == 0) continue;
    out += fmt::format("{}{} at {}", out.empty() ? "" : ", ", rights_text(by_level[first]), first);
    if (next - first > 1) out += fmt::format("-{}", next - 1);
  }
  return out;
}

std::string page_size_text(unsigned shift) {
  return shift < 10   ? fmt::format("{}", 1u << shift)
         : shift < 20 ? fmt::format("{}K", 1u << (shift - 10))
         : shift < 30 ? fmt::format("{}M", 1u << (shift - 20))
                      : fmt::format("{}G", u64{1} << (shift - 30));
}

std::string tlb_text(const TlbEntryImage& e, const std::string& owner) {
  std::string out =
      fmt::format("{:x} {} {:x} {} {} {}{}", e.va, page_size_text(e.shift), e.pa >> frame_shift, owner,
                  rights_text(e.rights), e.where, e.number ? std::to_string(*e.number) : "");
  if (e.global) out += " global";
  if (e.rid) out += fmt::format(" rid {:x}", *e.rid);
  if (e.key) out += fmt::format(" key {:x}", *e.key);
  return out;
}

const char* use_name(AddressUse use) {
  static constexpr const char* names[] = {"fetch", "read", "write", "register stack"};
  return names[static_cast<unsigned>(use)];
}

const char* place_name(AddressPlace place) {
  static constexpr const char* names[address_places] = {"PC", "stack", "register stack", "last fault"};
  return names[static_cast<unsigned>(place)];
}

}  // namespace xs::viz
