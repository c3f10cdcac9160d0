#include <catch2/catch.hpp>
#include <cstring>
#include <random>

#include "sim/core/error.h"
#include "sim/platform/dram.h"
#include "sim/platform/firmware/ia64_firmware.h"
#include "sim/platform/firmware/ia64_loader.h"
#include "tests/unit/platform/elf_writer.h"
#include "tests/unit/platform/temporary_file.h"

using namespace xs;
using namespace xs::platform;
using namespace xs::platform::test;

namespace {

constexpr u64 mib = 1 << 20;
constexpr u32 abi64 = 0x10, big_endian_data = 0x8;  // bits of e_flags

ElfWriter program(u64 entry = mib) { return ElfWriter::ia64(entry).flags(abi64); }

/// Why parsing or loading refuses the file; "" when it is loaded.
std::string rejection(const std::vector<u8>& bytes) {
  Dram dram({64 * mib, 0, 0});
  try {
    load_ia64(parse_elf("program.elf", bytes, ElfFor::ia64), dram);
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::error);
    return e.what();
  }
  return "";
}
std::string rejection(const ElfWriter& elf) { return rejection(elf.bytes()); }

/// The header of an executable as HP-UX has it: all numbers big-endian.
std::vector<u8> big_endian_header() {
  std::vector<u8> h(sizeof(Elf64_Ehdr));
  std::memcpy(h.data(), ELFMAG, SELFMAG);
  h[EI_CLASS] = ELFCLASS64, h[EI_DATA] = ELFDATA2MSB, h[EI_VERSION] = EV_CURRENT;
  h[EI_NIDENT + 1] = ET_EXEC, h[EI_NIDENT + 3] = EM_IA_64, h[EI_NIDENT + 7] = EV_CURRENT;
  return h;
}

}  // namespace

TEST_CASE("an IA-64 program is loaded by physical address, zero-filled, and entered at e_entry") {
  Dram dram({64 * mib, 0, 0});
  std::memset(dram.host(mib), 0xcc, 0x3000);
  const auto elf = program(mib + 0x20).load(mib, u64{5} << 61, "code", 0x2000);
  const ElfImage image = parse_elf("program.elf", elf.bytes(), ElfFor::ia64);
  const Ia64Piece program_at = load_ia64(image, dram);
  CHECK(image.entry == mib + 0x20);
  CHECK(program_at.base == mib);
  CHECK(program_at.size == 0x2000);
  CHECK(std::memcmp(dram.host(mib), "code\0", 5) == 0);
  CHECK(*dram.host(mib + 0x1fff) == 0);
  CHECK(*dram.host(mib + 0x2000) == 0xcc);
}

TEST_CASE("each defect of an IA-64 file is one sentence") {
  const auto good = [] { return program().load(mib, "code", 0x1000); };
  REQUIRE(rejection(good()) == "");
  CHECK(rejection(ElfWriter().load(mib, "x86", 16)) == "program.elf: not an IA-64 ELF file");
  CHECK_THAT(rejection(ElfWriter::ia64(mib, false).load(mib, "code", 16)), Catch::Contains("32-bit"));
  CHECK_THAT(rejection(good().flags(abi64 | big_endian_data)), Catch::Contains("big-endian"));
  CHECK_THAT(rejection(big_endian_header()), Catch::Contains("big-endian"));
  CHECK_THAT(rejection(good().type(ET_DYN)), Catch::Contains("not a static ELF executable"));
  CHECK_THAT(rejection(good().type(ET_REL)), Catch::Contains("not a static ELF executable"));
  CHECK_THAT(rejection(good().load(mib + 0x800, "more", 16)), Catch::Contains("overlap"));
  CHECK_THAT(rejection(program().load(mib, "code", 64 * mib)),
             Catch::Contains("segment 0x100000 + 0x4000000 lies outside the machine's memory"));
  CHECK_THAT(rejection(program().load(mib, "code", 16).load(0xd0000, "data", 16)),
             Catch::Contains("segment 0xd0000 + 0x10 overlaps memory that the firmware uses"));
  CHECK_THAT(rejection(program(mib + 8).load(mib, "code", 16)),
             Catch::Contains("entry 0x100008 is not the address of a bundle"));
  CHECK_THAT(rejection(program(2 * mib).load(mib, "code", 16)),
             Catch::Contains("entry 0x200000 is in none of its segments"));
  CHECK_THAT(rejection(program(u64{5} << 61).load(mib, u64{5} << 61, "code", 16)),
             Catch::Contains("is a virtual address"));
  CHECK(rejection(std::vector<u8>{'#', '!'}) == "program.elf: not an ELF file");
}

TEST_CASE("a truncated IA-64 file is refused at every length") {
  const std::vector<u8> whole = program().load(mib, std::string(64, 'c'), 0x1000).bytes();
  for (std::size_t n = 0; n < whole.size(); ++n)
    CHECK(rejection(std::vector<u8>(whole.begin(), whole.begin() + static_cast<long>(n))) != "");
}

TEST_CASE("an IA-64 file with random bytes changed is loaded or refused") {
  std::mt19937 random(11);
  const std::vector<u8> whole = program().load(mib, std::string(64, 'c'), 0x1000).bytes();
  unsigned refused = 0;
  for (int i = 0; i < 5000; ++i) {
    std::vector<u8> twisted = whole;
    for (int k = 0; k < 3; ++k) twisted[random() % twisted.size()] = static_cast<u8>(random());
    refused += rejection(twisted) != "";
  }
  CHECK(refused > 1000);
}

TEST_CASE("the architecture of a file is read from its first bytes") {
  const auto target = [](const std::vector<u8>& bytes) {
    return elf_target(TemporaryFile(std::string(bytes.begin(), bytes.end())).name());
  };
  CHECK(target(program().load(mib, "code", 16).bytes()) == ElfFor::ia64);
  CHECK(target(ElfWriter::ia64(mib, false).load(mib, "code", 16).bytes()) == ElfFor::ia64);
  CHECK(target(ElfWriter().load(mib, "code", 16).bytes()) == ElfFor::x86);
  CHECK(target(big_endian_header()) == ElfFor::ia64);
  CHECK(target({'#', '!'}) == ElfFor::x86);
  CHECK(elf_target("/nonexistent") == ElfFor::x86);
}

TEST_CASE("calls that firmware refuses have names") {
  constexpr u64 sal = u64{1} << 56;
  CHECK(refused_call(20) == "PAL_VERSION");
  CHECK(refused_call(256) == "PAL_COPY_PAL");
  CHECK(refused_call(1000) == "PAL procedure 0x3e8");
  CHECK(refused_call(sal | 0x01000012) == "SAL_FREQ_BASE");
  CHECK(refused_call(sal | 7) == "SAL procedure 0x7");
}

TEST_CASE("modules lie at the top of low memory, a kernel apart from a RAM disk") {
  Dram dram({64 * mib, u64{4} << 30, 16 * mib});
  Ia64Boot boot;
  boot.program = {mib, 3 * mib};
  const std::vector<u8> disk(5000, 0x11), kernel = {0x7f, 'E', 'L', 'F', 2};
  const auto rejected = [&](const std::vector<Ia64Module>& modules) -> std::string {
    Ia64Boot copy = boot;
    try {
      place_modules(modules, dram, copy);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  place_modules({{"disk", disk}, {"dom0", kernel}}, dram, boot);
  CHECK(boot.initrd.base == 64 * mib - 2 * frame_size);
  CHECK(boot.initrd.size == 5000);
  CHECK(boot.domain.base == 64 * mib - 3 * frame_size);
  CHECK(boot.domain.size == 5);
  CHECK(*dram.host(boot.initrd.base + 4999) == 0x11);
  CHECK(*dram.host(boot.domain.base + 1) == 'E');
  boot.initrd = boot.domain = {};
  CHECK(rejected({{"disk", disk}, {"more", disk}}) == "more: a second initial RAM disk");
  CHECK(rejected({{"dom0", kernel}, {"more", kernel}}) == "more: a second kernel of domain 0");
  CHECK(rejected({{"big", std::vector<u8>(61 * mib)}}) == "big: does not fit into the machine's low memory");
  CHECK(rejected({{"big", std::vector<u8>(70 * mib)}}) == "big: does not fit into the machine's low memory");
}
