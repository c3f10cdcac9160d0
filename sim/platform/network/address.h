// IPv4 addresses as people write them, and as numbers. Header alone: rooms that do not link this one read
// them, too.
#pragma once
#include <arpa/inet.h>

#include <array>
#include <optional>
#include <string>

#include "sim/core/types.h"

namespace xs::platform {

/// "10.0.255.254"; none: it is something else.
inline std::optional<u32> parse_ipv4(const std::string& text) {
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

inline std::string ipv4_text(u32 address) {
  const in_addr binary{htonl(address)};
  std::array<char, INET_ADDRSTRLEN> text;
  return inet_ntop(AF_INET, &binary, text.data(), text.size());
}

}  // namespace xs::platform
