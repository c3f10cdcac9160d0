// The kernel without a hypervisor, where something is wrong: one clear line each.
#include <catch2/catch.hpp>

#include "tests/scenario/native_run.h"

using namespace xs;
using namespace xs::platform;
using namespace xs::test;

TEST_CASE("natively: what is missing is said in one line, on QEMU too", "[panic]") {
  Setup setup;
  setup.machine.arch = GENERATE("ia64", "x86_64");
  setup.console = false;
  setup.cmdline = "quiet do='hash kernel'";
  const std::string expected = "panic: do: hash kernel: ENXIO there is no disk\n   [<";
  const Found f = ours(setup);
  CHECK(f.reason == StopReason::exited);
  CHECK(f.exit_value == 2);
  CHECK_THAT(f.serial, Catch::Contains(expected));
  if (setup.machine.arch == "ia64") return;
  REQUIRE(QemuMicrovm::available());
  const QemuResult q = theirs(setup);
  CHECK(q.exit_value == 2u);
  CHECK_THAT(q.serial, Catch::Contains(expected));
}

TEST_CASE("natively: a loader that says too little", "[panic]") {
  // hvm_start_info: magic at 0, version at 4, memmap_entries at 48 (xen/arch-x86/hvm/start_info.h).
  const auto [offset, words] = GENERATE(std::pair{48u, "panic: the loader gives no memory map\n"},
                                        std::pair{4u, "panic: the loader gives no memory map\n"},
                                        std::pair{0u, "panic: no PVH start info at "});
  Setup setup;
  setup.before_run = [where = offset](Machine& machine) {
    const u64 start_info = machine.cpu_reg(0, "rbx");
    const u8 zeros[4] = {};
    if (!machine.write_memory(start_info + where, zeros)) throw std::runtime_error("no start info");
  };
  const Found f = ours(setup);
  CHECK(f.exit_value == 2);
  CHECK_THAT(f.serial, Catch::StartsWith(words));
}

TEST_CASE("natively: no memory where the image is", "[panic]") {
  Setup setup;
  setup.before_run = [](Machine& machine) {
    u64 map = 0;
    if (!machine.memory().read(machine.cpu_reg(0, "rbx") + 40, &map, 8)) throw std::runtime_error("no map");
    for (unsigned i = 0; i < 8; ++i) {  // type at 16 of 24 bytes: 2, reserved
      const u8 reserved[4] = {2};
      machine.write_memory(map + i * 24 + 16, reserved);
    }
  };
  const Found f = ours(setup);
  CHECK(f.exit_value == 2);
  CHECK_THAT(f.serial, Catch::StartsWith("panic: the memory map has no RAM where this kernel is\n"));
}

TEST_CASE("natively: a process that misbehaves is ended, and it alone", "[user]") {
  using Code = std::vector<u8>;
  const auto [code, reason] = GENERATE(
      std::pair{Code{0x0f, 0x0b}, "invalid instruction"}, std::pair{Code{0xfa}, "exception"},  // UD2, CLI
      std::pair{Code{0xf4}, "exception"}, std::pair{Code{0xcc}, "exception"},                  // HLT, INT3
      std::pair{Code{0xe6, 0xf4}, "exception"}, std::pair{Code{0x0f, 0x77}, "exception"},      // OUT, EMMS
      std::pair{Code{0xcd, 0x50}, "exception"},  // INT of the timer
      std::pair{Code{0x31, 0xc9, 0xf7, 0xf1}, "division by zero"},
      // MOV from the kernel's direct map, its image and the place of the boot mapping; MOV to program text.
      std::pair{Code{0x48, 0xa1, 0, 0x10, 0, 0, 0, 0x88, 0xff, 0xff},
                "no memory there at 0xffff880000001000"},
      std::pair{Code{0x48, 0xa1, 0, 0, 0x10, 0x80, 0xff, 0xff, 0xff, 0xff},
                "no memory there at 0xffffffff80100000"},
      std::pair{Code{0x48, 0xa1, 0, 0, 0x10, 0, 0, 0, 0, 0}, "no memory there at 0x100000"},
      std::pair{Code{0x48, 0xa3, 0, 0, 0x40, 0, 0, 0, 0, 0}, "access refused at 0x400000"});
  const Found f = with_worker("x86_64", code);
  CHECK(f.exit_value == 0);
  CHECK_THAT(f.serial, Catch::Contains(std::string("worker[2]: killed: ") + reason));
  CHECK_THAT(f.serial, Catch::Contains("forker[1]: 4 children ended, address spaces are separate\n"));
}

TEST_CASE("natively: a fault of the kernel's own is a panic with a place", "[panic]") {
  Setup setup;
  setup.cmdline = "do=files";
  setup.before_run = [](Machine& machine) {
    const u8 ud2[] = {0x0f, 0x0b};
    machine.write_memory(place_of_function("x86_64", "archive_visit"), ud2);
  };
  const Found f = ours(setup);
  CHECK(f.exit_value == 2);
  CHECK_THAT(f.serial,
             Catch::Matches("(.|\n)*panic: vector 6 in kernel mode: rip ffffffff801[0-9a-f]{5} error 0 "
                            "(.|\n)*\n   \\[<ffffffff801[0-9a-f]{5}>\\]\n(.|\n)*"));
}

TEST_CASE("natively: a hypercall is seen to be one", "[panic]") {
  Setup setup;
  setup.cmdline = "do=files";
  setup.before_run = [](Machine& machine) {
    const u64 from = place_of_function("x86_64", "archive_visit"),
              to = place_of_function("x86_64", "hypercall_xen_version");
    u8 call[5] = {0xe8};
    const u32 distance = static_cast<u32>(to - (from + sizeof call));
    std::memcpy(call + 1, &distance, sizeof distance);
    machine.write_memory(from, call);
  };
  const Found f = ours(setup);
  CHECK(f.exit_value == 2);
  CHECK_THAT(f.serial, Catch::Contains("panic: vector 3 in kernel mode: rip "));
}
