#include "sim/bench/yardsticks.h"

#include <sys/mman.h>

#include <cstring>

#include "sim/core/error.h"
#include "sim/cpu_x86/engine/bare_unicorn.h"
#include "sim/observe/image.h"
#include "sim/platform/firmware/elf_image.h"

namespace xs::bench {
namespace {

constexpr u64 image_limit = 64 << 20;
constexpr u64 native_base = 0x100000;  ///< tests/isa/lib/isa.ld

struct Payload {
  u64 entry = 0, rounds = 0;
};

u64 required(const observe::Image& image, const char* symbol) {
  const auto address = image.symbol(symbol);
  if (!address) throw Error(image.name() + ": no symbol " + symbol);
  return *address;
}

Payload payload_of(const std::string& file) {
  const observe::Image image(file);
  Payload p;
  p.entry = required(image, "bench_compute");
  const auto bytes = image.code_at(required(image, "bench_rounds"), sizeof p.rounds);
  if (bytes.size() != sizeof p.rounds) throw Error(file + ": bench_rounds has no value");
  std::memcpy(&p.rounds, bytes.data(), sizeof p.rounds);
  return p;
}

/// Copies the segments to `memory`, whose first byte stands for address `base`.
void place(const std::string& file, u8* memory, u64 base, u64 size) {
  const platform::ElfImage elf = platform::parse_elf(file, platform::read_file(file, image_limit));
  for (const platform::ElfSegment& s : elf.segments) {
    if (s.paddr < base || s.paddr - base > size || s.memory_size > size - (s.paddr - base))
      throw Error(file + ": a segment lies outside the benchmark's memory");
    std::memcpy(memory + (s.paddr - base), elf.bytes.data() + s.file_offset, s.file_size);
  }
}

/// Anonymous pages; at `address` when it is not 0.
class Pages {
 public:
  Pages(u64 address, u64 size, int protection) : size_(size) {
    const int fixed = address ? MAP_FIXED_NOREPLACE : 0;
    void* p =
        mmap(reinterpret_cast<void*>(address), size, protection, MAP_PRIVATE | MAP_ANONYMOUS | fixed, -1, 0);
    if (p == MAP_FAILED) throw Error("cannot map the benchmark's memory");
    bytes_ = static_cast<u8*>(p);
  }
  ~Pages() { munmap(bytes_, size_); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  u8* bytes() const { return bytes_; }

 private:
  u8* bytes_;
  u64 size_;
};

void report(const Print& print, u64 rounds, u64 checksum) {
  print("bench end " + std::to_string(rounds) + " " + std::to_string(checksum) + "\n");
}

}  // namespace

void run_native(const std::string& file, const Print& print) {
  const Payload p = payload_of(file);
  const Pages pages(native_base, image_limit, PROT_READ | PROT_WRITE | PROT_EXEC);
  place(file, pages.bytes(), native_base, image_limit);
  const auto function = reinterpret_cast<u64 (*)(u64)>(p.entry);
  print("bench begin\n");
  report(print, p.rounds, function(p.rounds));
}

void run_bare_unicorn(const std::string& file, const Print& print) {
  const Payload p = payload_of(file);
  const Pages pages(0, image_limit, PROT_READ | PROT_WRITE);
  place(file, pages.bytes(), 0, image_limit);
  print("bench begin\n");
  report(print, p.rounds, x86::call_on_bare_unicorn({pages.bytes(), image_limit}, p.entry, p.rounds));
}

}  // namespace xs::bench
