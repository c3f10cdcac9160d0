#include "sim/platform/firmware/ia64_rom.h"

#include <cstring>
#include <numeric>

#include "sim/core/error.h"
#include "sim/platform/firmware/elf_image.h"
#include "sim/platform/ia64_map.h"

// The image that the build has put together.
asm(".section .rodata\n"
    ".balign 16\n"
    "xs_ia64_firmware:\n"
    ".incbin \"" XS_IA64_FIRMWARE
    "\"\n"
    "xs_ia64_firmware_end:\n"
    ".previous\n");
extern "C" const xs::u8 xs_ia64_firmware[], xs_ia64_firmware_end[];

namespace xs::platform {
namespace {

/// The clock of the platform, from which those of processor and ITC are derived.
constexpr u64 base_hz = 100'000'000;

/// The beginning of the ROM's data (guests/ia64/firmware/firmware.h).
struct Settings {
  u64 frequency_hz, wall_clock_s, base_hz, system_table;
};

/// Numerator in the upper half, denominator in the lower (SDM vol. 2, PAL_FREQ_RATIOS).
u64 ratio_of(u64 hz) {
  const u64 common = std::gcd(hz, base_hz);
  if (hz / common >> 32 != 0)
    throw Error("machine.timing.frequency_hz: PAL_FREQ_RATIOS cannot say " + std::to_string(hz) + " Hz");
  return hz / common << 32 | base_hz / common;
}

template <class T>
void put(u8* at, const T& value) {
  std::memcpy(at, &value, sizeof value);
}

}  // namespace

u64 add_ia64_rom(Dram& dram, const Ia64RomSettings& settings) {
  const ElfImage image = parse_elf("firmware.elf", {xs_ia64_firmware, xs_ia64_firmware_end}, ElfFor::ia64);
  std::vector<u8> rom;
  for (const ElfSegment& s : image.segments) {
    const u8* from = image.bytes.data() + s.file_offset;
    if (s.paddr == ia64_map::firmware)
      rom.assign(from, from + s.file_size);
    else
      std::memcpy(ram_bytes(dram, s.paddr, s.memory_size), from, s.file_size);
  }
  put(&rom.at(ia64_map::pal_ratio - ia64_map::firmware), ratio_of(settings.frequency_hz));
  put(ram_bytes(dram, ia64_map::runtime_data, sizeof(Settings)),
      Settings{settings.frequency_hz, settings.wall_clock_s, base_hz, ia64_map::runtime_tables});
  dram.add_rom(ia64_map::firmware, std::move(rom));
  return image.entry;
}

}  // namespace xs::platform
