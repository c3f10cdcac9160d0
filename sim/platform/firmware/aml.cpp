#include "sim/platform/firmware/aml.h"

namespace xs::platform::aml {
namespace {

std::string byte(unsigned value) { return std::string(1, static_cast<char>(value)); }

std::string little_endian(u64 value, unsigned bytes) {
  std::string out;
  for (unsigned i = 0; i < bytes; ++i) out += byte(static_cast<u8>(value >> (8 * i)));
  return out;
}

// PkgLength counts itself: one byte up to 63, else a lead byte with the number of following bytes in bits
// 7:6.
std::string with_length(const std::string& body) {
  if (body.size() + 1 < 0x40) return byte(static_cast<unsigned>(body.size() + 1)) + body;
  for (unsigned more = 1;; ++more) {
    const u64 length = body.size() + 1 + more;
    if (length >> (4 + 8 * more)) continue;
    return byte(static_cast<unsigned>(more << 6 | (length & 0xf))) + little_endian(length >> 4, more) + body;
  }
}

// Paths here are a root or one segment, padded to four characters.
std::string name_string(std::string_view path) {
  std::string out;
  if (path.starts_with('\\')) {
    out += '\\';
    path.remove_prefix(1);
  }
  if (path.empty()) return out + byte(0);
  out += path;
  return out.append(4 - path.size(), '_');
}

}  // namespace

std::string integer(u64 value) {
  if (value <= 1) return byte(static_cast<unsigned>(value));  // ZeroOp, OneOp
  if (value <= 0xff) return byte(0x0a) + little_endian(value, 1);
  if (value <= 0xffff) return byte(0x0b) + little_endian(value, 2);
  if (value <= 0xffffffff) return byte(0x0c) + little_endian(value, 4);
  return byte(0x0e) + little_endian(value, 8);
}

std::string text(std::string_view value) { return byte(0x0d) + std::string(value) + byte(0); }

// Three letters of five bits, then four hexadecimal digits, big-endian.
std::string eisa_id(std::string_view id) {
  u32 packed = 0;
  for (unsigned i = 0; i < 3; ++i) packed = packed << 5 | static_cast<u32>(id[i] - 0x40);
  packed = packed << 16 | static_cast<u32>(std::stoul(std::string(id.substr(3)), nullptr, 16));
  return byte(0x0c) + little_endian(__builtin_bswap32(packed), 4);
}

std::string buffer(const std::string& bytes) {
  return byte(0x11) + with_length(integer(bytes.size()) + bytes);
}
std::string package(unsigned elements, const std::string& body) {
  return byte(0x12) + with_length(byte(elements) + body);
}
std::string name(std::string_view path, const std::string& object) {
  return byte(0x08) + name_string(path) + object;
}
std::string scope(std::string_view path, const std::string& body) {
  return byte(0x10) + with_length(name_string(path) + body);
}
std::string device(std::string_view path, const std::string& body) {
  return byte(0x5b) + byte(0x82) + with_length(name_string(path) + body);
}

std::string io_ports(u16 base, u8 count) {
  return byte(0x47) + byte(1) + little_endian(base, 2) + little_endian(base, 2) + byte(1) + byte(count);
}
std::string irq(unsigned number) { return byte(0x22) + little_endian(u64{1} << number, 2); }
std::string memory32(u32 base, u32 size) {
  return byte(0x86) + little_endian(9, 2) + byte(1) + little_endian(base, 4) + little_endian(size, 4);
}
std::string interrupt(u32 gsi, bool level) {
  return byte(0x89) + little_endian(6, 2) + byte(level ? 0x01 : 0x03) + byte(1) + little_endian(gsi, 4);
}
std::string resources(const std::string& descriptors) { return buffer(descriptors + byte(0x79) + byte(0)); }

}  // namespace xs::platform::aml
