#include "viz/draw/picture.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include "sim/core/error.h"

using namespace xs;
using viz::Picture;
namespace fs = std::filesystem;

namespace {

struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "picture-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) FAIL("no temporary folder");
    path = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path); }
  std::string file(const char* name) const { return (path / name).string(); }
  long files() const { return std::distance(fs::directory_iterator(path), {}); }
  fs::path path;
};

Picture noise(u32 width, u32 height) {
  std::mt19937 random(width * 31 + height);
  Picture picture{width, height, std::vector<u32>(u64{width} * height)};
  for (u32& pixel : picture.rgba) pixel = static_cast<u32>(random());
  return picture;
}

std::string bytes_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const std::string& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

// While it lives, no file can grow past a few bytes: as a full disk.
struct FullDisk {
  FullDisk() {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    const rlimit none{100, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &none);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before); }
  rlimit before{};
};

}  // namespace

TEST_CASE("a pipe is written to, not replaced") {
  const Folder folder;
  const std::string pipe = folder.file("pipe"), copy = folder.file("copy.png");
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  std::thread reader([&] { write(copy, bytes_of(pipe)); });
  const Picture picture = noise(37, 11);
  viz::save_png(pipe, picture);
  reader.join();
  CHECK(fs::is_fifo(pipe));
  CHECK(viz::load_png(copy) == picture);
  CHECK_THROWS_AS(viz::save_png("/dev/full", picture), Error);
  CHECK(fs::is_character_file("/dev/full"));
}

TEST_CASE("a picture that was saved is loaded as it was") {
  const Folder folder;
  const auto [width, height] = GENERATE(std::pair{1U, 1U}, std::pair{37U, 11U}, std::pair{640U, 480U});
  const Picture picture = noise(width, height);
  save_png(folder.file("a.png"), picture);
  REQUIRE(viz::load_png(folder.file("a.png")) == picture);
  REQUIRE(folder.files() == 1);
}

TEST_CASE("a PNG says what others see in it") {  // IHDR: width, height, 8 bits, colours with alpha
  const Folder folder;
  save_png(folder.file("a.png"), noise(300, 2));
  const std::string ihdr = bytes_of(folder.file("a.png")).substr(8, 18);
  REQUIRE(ihdr == std::string("\0\0\0\x0dIHDR\0\0\x01\x2c\0\0\0\x02\x08\x06", 18));
}

TEST_CASE("saving fails as a whole") {
  const Folder folder;
  save_png(folder.file("a.png"), noise(3, 3));
  const std::string before = bytes_of(folder.file("a.png"));
  SECTION("disk full") {
    const FullDisk full;
    REQUIRE_THROWS_WITH(save_png(folder.file("a.png"), noise(99, 99)),
                        folder.file("a.png") + ": cannot be written: File too large");
  }
  SECTION("nothing to save") { REQUIRE_THROWS_AS(save_png(folder.file("a.png"), Picture{}), Error); }
  REQUIRE(bytes_of(folder.file("a.png")) == before);
  REQUIRE(folder.files() == 1);
  REQUIRE_THROWS_WITH(save_png(folder.file("no/a.png"), noise(3, 3)),
                      folder.file("no/a.png") + ": cannot be written: No such file or directory");
}

TEST_CASE("what is no picture is refused") {
  const Folder folder;
  const std::string file = folder.file("a.png");
  REQUIRE_THROWS_WITH(viz::load_png(file), file + ": cannot be read: No such file or directory");
  write(file, "GIF89a");
  REQUIRE_THROWS_WITH(viz::load_png(file), file + ": is not a PNG file");
  write(file, "");
  REQUIRE_THROWS_WITH(viz::load_png(file), file + ": is not a PNG file");
  save_png(file, noise(50, 50));
  const std::string whole = bytes_of(file);
  write(file, whole.substr(0, whole.size() / 2));
  REQUIRE_THROWS_WITH(viz::load_png(file), Catch::StartsWith(file + ": is a damaged PNG file: "));
}

TEST_CASE("how far two pictures differ") {
  const Picture a{2, 2, {0xff000000, 0xff102030, 0xffffffff, 0x00000000}};
  Picture b = a;
  REQUIRE(viz::compare(a, b, 0).share == 0);
  REQUIRE(viz::compare(a, b, 0).greatest == 0);
  b.rgba[1] = 0xff102033;
  b.rgba[2] = 0xffff0fff;
  REQUIRE(viz::compare(a, b, 0).share == 0.5);
  REQUIRE(viz::compare(a, b, 2).share == 0.5);
  REQUIRE(viz::compare(a, b, 3).share == 0.25);
  REQUIRE(viz::compare(b, a, 240).share == 0);
  REQUIRE(viz::compare(b, a, 3).greatest == 240);
  REQUIRE_THROWS_WITH(viz::compare(a, Picture{1, 4, a.rgba}, 0),
                      "pictures of different sizes: 2 x 2 and 1 x 4");
}
