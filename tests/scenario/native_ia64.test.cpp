// The kernel without a hypervisor on IA-64: what is wrong there in a way of the architecture's own.
#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>

#include "sim/platform/ia64_map.h"
#include "tests/scenario/native_run.h"

using namespace xs;
using namespace xs::platform;
using namespace xs::test;

namespace {

const std::string arch = "ia64";

/// Bundles as objdump shows them.
std::vector<u8> bytes_of(const std::string& hex) {
  std::vector<u8> bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 3)
    bytes.push_back(static_cast<u8>(std::stoul(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

const std::string alone = " 00 00 00 02 00 00 00 00 04 00";                     // nop.i, nop.i
const std::string load = " 01 70 00 1c 18 10 00 00 00 02 00 00 00 00 04 00";    // ld8 r14 = [r14]
const std::string illegal = "06 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00";  // no such template
const std::string hypercall = "01 00 80 00 00 00" + alone;                      // break 0x1000

}  // namespace

TEST_CASE("natively on IA-64: a process that misbehaves is ended, and it alone", "[ia64]") {
  const auto [code, reason] = GENERATE(
      std::pair{illegal, "invalid instruction at 0x40"},
      std::pair{"01 08 00 00 00 00" + alone, "division by zero"},  // break 1
      std::pair{"01 00 00 00 00 00" + alone, "exception at 0x40"},
      std::pair{hypercall, "exception at 0x40"},                                          // break 0
      std::pair{"01 00 00 02 07 00" + alone, "exception at 0x40"},                        // rsm psr.i
      std::pair{"01 00 00 04 2c 04" + alone, "exception at 0x40"},                        // mov cr.iva = r0
      std::pair{"01 00 00 00 2a 04" + alone, "exception at 0x40"},                        // mov ar.k0 = r0
      std::pair{"01 00 00 00 34 04" + alone, "exception at 0x40"},                        // ptc.e r0
      std::pair{"11 00 00 00 01 00 00 00 00 02 00 00 00 00 20 00", "exception at 0x40"},  // rfi
      // Memory in region 7, the image, a device in region 6; below the program, and where tables would end.
      std::pair{"05 00 00 00 01 00 00 00 00 00 60 c0 01 00 80 68" + load,
                "no memory there at 0xe000000000001000"},
      std::pair{"05 00 00 00 01 00 04 00 00 00 20 c0 01 00 00 68" + load,
                "no memory there at 0xa000000004000000"},
      std::pair{"05 00 00 00 01 80 fe 00 00 00 40 c0 01 10 00 68" + load,
                "no memory there at 0xc0000000fea00000"},
      std::pair{"05 00 00 00 01 00 00 00 00 00 00 c0 01 00 02 60" + load, "no memory there at 0x100000"},
      std::pair{"05 00 00 00 01 00 00 40 00 00 00 c0 01 00 00 60" + load, "no memory there at 0x4000000000"},
      // st8 to program text; a branch into the stack.
      std::pair{std::string("05 00 00 00 01 40 00 00 00 00 00 c0 01 00 00 60 01 00 00 1c 98 11") + alone,
                "access refused at 0x400000"},
      std::pair{std::string("05 00 00 00 01 c0 7f 00 00 00 00 c0 01 f0 03 67 02 00 00 00 01 00 60 70 04 80 "
                            "03 00 00 00 04 00 "
                            "11 00 00 00 01 00 00 00 00 02 00 00 68 00 80 00"),
                "access refused at 0x7fffe000"},
      // ld8.s of no memory is a NaT and no end, and lfetch is nothing: break 1 if so, else break 0.
      std::pair{std::string("05 00 00 00 01 00 00 00 00 00 00 c0 01 00 02 60 0b 70 00 1c 38 10 00 00 00 c0 "
                            "32 c0 10 70 1c 50 "
                            "c1 00 00 00 00 c0 11 00 00 00 00 00 00 00 04 00"),
                "division by zero"});
  const Found f = with_worker(arch, bytes_of(code));
  CHECK(f.exit_value == 0);
  CHECK_THAT(f.serial, Catch::Contains(std::string("worker[2]: killed: ") + reason));
  CHECK_THAT(f.serial, Catch::Contains("forker[1]: 4 children ended, address spaces are separate\n"));
}

TEST_CASE("natively on IA-64: what a process has in registers is kept, and forked", "[ia64]") {
  std::ifstream file(XS_IA64_IMAGE_DIR "/user-registers.elf", std::ios::binary);
  const std::string program((std::istreambuf_iterator<char>(file)), {});
  const u64 place = place_of_data(arch, "program_worker");
  REQUIRE_FALSE(program.empty());
  REQUIRE(program.size() <= place_of_data(arch, "program_worker_end") - place);
  Setup setup;
  setup.machine.arch = arch;
  setup.commands = {{"info", "worker[2]: "}, {"shutdown-host", "forker[1]: "}};
  setup.before_run = [&](Machine& machine) {
    machine.write_memory(place, {reinterpret_cast<const u8*>(program.data()), program.size()});
  };
  const Found f = ours(setup);
  CHECK(f.exit_value == 0);
  CHECK_THAT(f.serial, Catch::Contains("worker[2]: registers are kept\n"));
  CHECK_THAT(f.serial, Catch::Matches("(.|\n)*worker\\[[3-9]\\]: registers are kept\n(.|\n)*"));
  CHECK_THAT(f.serial, Catch::Contains("forker[1]: 4 children ended, address spaces are separate\n"));
}

TEST_CASE("natively on IA-64: a fault of the kernel's own is a panic with a place", "[ia64]") {
  const auto [code, words] = GENERATE(std::pair{illegal, "vector 5400 in kernel mode: ip a0000000001"},
                                      std::pair{hypercall, "vector 2c00 in kernel mode: ip a0000000001"});
  Setup setup;
  setup.machine.arch = arch;
  setup.cmdline = "do=files";
  setup.before_run = [bytes = bytes_of(code)](Machine& machine) {
    machine.write_memory(place_of_function(arch, "archive_visit"), bytes);
  };
  const Found f = ours(setup);
  CHECK(f.exit_value == 2);
  CHECK_THAT(f.serial, Catch::Contains(std::string("panic: ") + words));
  // The place itself, and who called.
  CHECK_THAT(f.serial,
             Catch::Matches(
                 "(.|\n)*\n   \\[<a0000000001[0-9a-f]{5}>\\]\n   \\[<a0000000001[0-9a-f]{5}>\\]\n(.|\n)*"));
}

TEST_CASE("natively on IA-64: a loader that says too little", "[ia64]") {
  // ia64_boot_param: the memory map's place and size at 16 and 24; the type is a descriptor's first word.
  const auto [offset, words] =
      GENERATE(std::pair{24u, "panic: the loader gives no memory map\n"},
               std::pair{0u, "panic: the memory map has no RAM where this kernel is\n"});
  Setup setup;
  setup.machine.arch = arch;
  setup.before_run = [where = offset](Machine& machine) {
    constexpr u64 descriptor_bytes = 40;
    const u64 boot = ia64_map::boot_data;
    u64 map = 0, bytes = 0;
    machine.run_until(0);  // firmware's tables are made when the machine starts
    bool ok = machine.memory().read(boot + 16, &map, 8) && machine.memory().read(boot + 24, &bytes, 8);
    const u8 zeros[8] = {};
    if (where) ok = ok && machine.write_memory(boot + where, zeros);
    for (u64 at = 0; !where && at < bytes; at += descriptor_bytes)
      ok = ok && machine.write_memory(map + at, zeros);
    if (!ok) throw std::runtime_error("no boot parameters");
  };
  const Found f = ours(setup);
  CHECK(f.exit_value == 2);
  CHECK_THAT(f.serial, Catch::StartsWith(words));
}
