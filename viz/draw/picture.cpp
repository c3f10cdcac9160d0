#include "viz/draw/picture.h"

#include <fcntl.h>
#include <stb_image.h>
#include <stb_image_write.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string_view>

#include "sim/core/error.h"

namespace xs::viz {
namespace {

static_assert(std::endian::native == std::endian::little, "stb's pixels are bytes R, G, B, A");

[[noreturn]] void fail(const std::string& file, const std::string& what) { throw Error(file + ": " + what); }

std::string encode(const std::string& file, const Picture& picture) {
  if (picture.width == 0 || picture.height == 0) fail(file, "cannot be written: the picture is empty");
  std::string png;
  const auto take = [](void* context, void* data, int size) {
    static_cast<std::string*>(context)->append(static_cast<const char*>(data),
                                               static_cast<std::size_t>(size));
  };
  stbi_write_force_png_filter = 0;  // areas of one colour and letters, which come again as they were
  const int width = static_cast<int>(picture.width);
  const int ok = stbi_write_png_to_func(take, &png, width, static_cast<int>(picture.height), 4,
                                        picture.rgba.data(), width * 4);
  if (ok == 0) fail(file, "cannot be written: the picture is too large");
  return png;
}

// 0, or why not.
int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) return errno;
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

}  // namespace

void save_png(const std::string& file, const Picture& picture) {
  const std::string png = encode(file, picture);
  // A device or a pipe is written to; only a file can be put in the place of another.
  struct stat there {};
  const bool special = ::stat(file.c_str(), &there) == 0 && !S_ISREG(there.st_mode);
  const std::string target = special ? file : file + ".partial";
  const int fd = ::open(target.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) fail(file, std::string("cannot be written: ") + std::strerror(errno));
  int reason = write_all(fd, png);
  if (::close(fd) != 0 && reason == 0) reason = errno;
  if (!special && reason == 0 && std::rename(target.c_str(), file.c_str()) != 0) reason = errno;
  if (reason == 0) return;
  if (!special) ::unlink(target.c_str());
  fail(file, std::string("cannot be written: ") + std::strerror(reason));
}

Picture load_png(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) fail(file, std::string("cannot be read: ") + std::strerror(errno));
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) fail(file, "cannot be read");
  constexpr std::string_view signature("\x89PNG\r\n\x1a\n", 8);
  if (!bytes.starts_with(signature)) fail(file, "is not a PNG file");
  int width = 0, height = 0;
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(bytes.data()), static_cast<int>(bytes.size()),
                            &width, &height, nullptr, 4),
      stbi_image_free);
  if (pixels == nullptr) fail(file, std::string("is a damaged PNG file: ") + stbi_failure_reason());
  Picture picture{static_cast<u32>(width), static_cast<u32>(height), {}};
  picture.rgba.resize(u64{picture.width} * picture.height);
  std::memcpy(picture.rgba.data(), pixels.get(), picture.rgba.size() * 4);
  return picture;
}

PictureDifference compare(const Picture& a, const Picture& b, u32 threshold) {
  if (a.width != b.width || a.height != b.height)
    throw Error("pictures of different sizes: " + std::to_string(a.width) + " x " + std::to_string(a.height) +
                " and " + std::to_string(b.width) + " x " + std::to_string(b.height));
  PictureDifference result;
  u64 different = 0;
  for (std::size_t i = 0; i < a.rgba.size(); ++i) {
    u32 most = 0;
    for (u32 shift = 0; shift < 32; shift += 8) {
      const u32 x = a.rgba[i] >> shift & 0xff, y = b.rgba[i] >> shift & 0xff;
      most = std::max(most, x > y ? x - y : y - x);
    }
    different += most > threshold ? 1 : 0;
    result.greatest = std::max(result.greatest, most);
  }
  if (!a.rgba.empty()) result.share = static_cast<double>(different) / static_cast<double>(a.rgba.size());
  return result;
}

}  // namespace xs::viz
