// Properties of the whole machine, seen from small programs and compared with QEMU's microvm where it has
// them.
#include "sim/platform/machine.h"

#include <cstring>
#include <set>

#include "sim/observe/symbols.h"
#include "tests/cosim/machine/child_machine.h"
#include "tests/support/qemu_microvm.h"

using namespace xs;
using namespace xs::platform;
using namespace xs::test;

namespace {

constexpr u64 second_ps = 1'000'000'000'000;

std::string image(const std::string& name) { return std::string(XS_IMAGE_DIR) + "/" + name + ".elf"; }

struct Sink : ConsoleSink {
  std::string text;
  std::function<void(std::string_view)> react;
  void on_output(std::string_view bytes, u64) override {
    text += bytes;
    if (react) react(bytes);
  }
};

struct Reports : CpuObserver {
  struct Place {
    u64 where, pc;
  };
  std::vector<Place> places;
  void on_unmodelled(const CpuView& view, const char*, u64 where) override {
    places.push_back({where, view.pc()});
  }
};

/// One run with everything a test may want to change.
struct Run {
  MachineConfig config;
  std::string name;
  std::string cmdline;
  Sink serial, console;
  Reports reports;
  std::unique_ptr<Machine> machine;

  explicit Run(std::string image_name) : name(std::move(image_name)) { config.high_base = 0; }
  void build() {
    machine = std::make_unique<Machine>(config, &reports);
    machine->set_serial_sink(&serial);
    machine->add_virtio_console(&console);
    machine->load({image(name), cmdline, {}});
  }
  Finding finding(StopReason reason) const {
    Finding f{reason,
              machine->exit_value(),
              machine->now_ps(),
              machine->counters().instructions,
              machine->execution_hash(),
              machine->counters().unmodelled,
              reports.places.size(),
              {},
              {}};
    for (std::size_t i = 0; i < reports.places.size() && i < std::size(f.places); ++i)
      f.places[i] = {reports.places[i].where, reports.places[i].pc};
    std::strncpy(f.text, serial.text.c_str(), sizeof f.text - 1);
    return f;
  }
  Finding go(u64 deadline_ps = second_ps) {
    build();
    return finding(machine->run_until(deadline_ps));
  }
};

Finding run(const std::string& name) {
  return in_child([&] { return Run(name).go(); });
}

QemuResult on_qemu(const std::string& name, unsigned cpus = 1) {
  QemuOptions options;
  options.kernel = image(name);
  options.cpus = cpus;
  return run_qemu(options, QemuMicrovm::Seconds(30));
}

}  // namespace

TEST_CASE("hello says on both machines how much memory and how many processors there are") {
  const unsigned cpus = GENERATE(1u, 2u, 4u);
  const Finding ours = in_child([&] {
    Run r("hello");
    r.config.cpus = cpus;
    return r.go();
  });
  CHECK(ours.reason == StopReason::exited);
  CHECK(ours.exit_value == 0);
  CHECK(ours.text ==
        "hello from long mode, 512 MiB, " + std::to_string(cpus) + (cpus == 1 ? " cpu\n" : " cpus\n"));
  REQUIRE(QemuMicrovm::available());
  const QemuResult theirs = on_qemu("hello", cpus);
  CHECK(theirs.serial == ours.text);
  CHECK(theirs.exit_value == 0u);
}

TEST_CASE("memory above 2^44 is announced and counted") {
  const Finding f = in_child([] {
    Run r("hello");
    r.config.high_base = u64{1} << 44;
    r.cmdline = "verbose";
    return r.go();
  });
  CHECK_THAT(f.text, Catch::Contains("memory 0x100000000000 + 0x18000000 type 1\n"));
}

TEST_CASE("cores that wait for ever are a deadlock, not a long run") {
  const Finding f = run("machine_halt_for_ever");
  CHECK(f.reason == StopReason::deadlock);
  CHECK(std::string(f.text) == "h");
  CHECK(f.now_ps < second_ps / 100);
}

TEST_CASE("a triple fault ends the run") {
  const Finding f = run("machine_triple_fault");
  CHECK(f.reason == StopReason::triple_fault);
  CHECK(std::string(f.text) == "t");
}

TEST_CASE("ACPI reset and power off") {
  const Finding reset = run("machine_acpi_reset");
  CHECK(reset.reason == StopReason::reset);
  CHECK(std::string(reset.text) == "r");
  const Finding off = run("machine_acpi_off");
  CHECK(off.reason == StopReason::exited);
  CHECK(off.exit_value == 0);
  CHECK(std::string(off.text) == "o");
  REQUIRE(QemuMicrovm::available());
  for (const auto& [name, text] : {std::pair{"machine_acpi_reset", "r"}, {"machine_acpi_off", "o"}}) {
    const QemuResult r = on_qemu(name);
    CHECK(r.serial == text);
    CHECK_FALSE(r.timed_out);
  }
}

TEST_CASE(
    "unmodelled places read as all ones, are counted each time and reported once, by their instruction") {
  const Finding f = run("machine_unmodelled");
  CHECK(f.reason == StopReason::exited);
  CHECK(f.exit_value == 8);
  CHECK(f.unmodelled == 24);
  REQUIRE(f.reports == 6);
  observe::Symbolizer symbols;
  symbols.add(std::make_shared<observe::Image>(image("machine_unmodelled")));
  const std::pair<u64, std::string> expected[] = {{0x61, "in_61"},           {0x64, "out_64"},
                                                  {0xcf8, "in_cf8"},         {0xfd000010, "store_mmio"},
                                                  {0xfd000010, "load_mmio"}, {0xfd000010, "load_mmio_again"}};
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    CHECK(f.places[i].where == expected[i].first);
    CHECK(symbols.function(f.places[i].pc) == expected[i].second);
    CHECK_THAT(symbols.describe(f.places[i].pc), Catch::Contains(expected[i].second + "+0x0 "));
  }
  REQUIRE(QemuMicrovm::available());
  CHECK(on_qemu("machine_unmodelled").exit_value == 8u);
}

TEST_CASE("a device's write into code is executed") {
  static constexpr std::string_view patch("\xb8\x02\x00\x00\x00\xc3", 6);
  const Finding f = in_child([] {
    Run r("machine_console_dma");
    r.serial.react = [&](std::string_view) { r.machine->console_input(0, patch); };
    return r.go();
  });
  CHECK(f.reason == StopReason::exited);
  CHECK(f.exit_value == 0x21);
  REQUIRE(QemuMicrovm::available());
  QemuOptions options;
  options.kernel = image("machine_console_dma");
  options.consoles = 1;
  QemuMicrovm qemu(options);
  REQUIRE(qemu.wait_for(QemuMicrovm::serial, "r", QemuMicrovm::Seconds(20)));
  qemu.type(0, patch);
  CHECK(qemu.finish(QemuMicrovm::Seconds(20)).exit_value == 0x21u);
}

TEST_CASE("the timer ticks through the I/O APIC at its rate") {
  const Finding f = run("machine_pit_ticks");
  CHECK(f.reason == StopReason::exited);
  CHECK(f.exit_value == 10);
  CHECK(std::string(f.text) == "..........");
  CHECK(f.now_ps > second_ps / 10);
  CHECK(f.now_ps < second_ps / 10 + second_ps / 500);
  REQUIRE(QemuMicrovm::available());
  const QemuResult theirs = on_qemu("machine_pit_ticks");
  CHECK(theirs.exit_value == 10u);
  CHECK(theirs.serial == f.text);
}

TEST_CASE("serial input arrives in order") {
  const Finding f = in_child([] {
    Run r("machine_serial_echo");
    r.serial.react = [&](std::string_view bytes) {
      if (bytes == ">") r.machine->serial_input("The quick brown fox jumps over it.");
    };
    return r.go();
  });
  CHECK(std::string(f.text) == ">The quick brown fox jumps over it.");
  CHECK(f.exit_value == 34);
}

TEST_CASE("where the caller pauses and puts deadlines changes nothing") {
  const Finding straight = run("machine_pit_ticks");
  const Finding sliced = in_child([] {
    Run r("machine_pit_ticks");
    r.build();
    StopReason reason = StopReason::deadline;
    for (u64 t = 0; reason == StopReason::deadline; t += 1'234'567'891) reason = r.machine->run_until(t);
    return r.finding(reason);
  });
  const Finding paused = in_child([] {
    Run r("machine_pit_ticks");
    r.build();
    r.serial.react = [&](std::string_view) { r.machine->pause(); };
    unsigned pauses = 0;
    StopReason reason;
    while ((reason = r.machine->run_until(second_ps)) == StopReason::paused) ++pauses;
    Finding f = r.finding(reason);
    f.reports = pauses;
    return f;
  });
  CHECK(paused.reports == 9);  // the last character and the exit fall into one quantum; the exit wins
  for (const Finding& f : {sliced, paused}) {
    CHECK(f.reason == StopReason::exited);
    CHECK(f.hash == straight.hash);
    CHECK(f.instructions == straight.instructions);
    CHECK(f.now_ps == straight.now_ps);
  }
}

TEST_CASE("nothing is heard after the exit port was written") {
  const Finding f = run("machine_exit_then_talk");
  CHECK(f.reason == StopReason::exited);
  CHECK(f.exit_value == 7);
  CHECK(std::string(f.text) == "a");
}

TEST_CASE("a run that has ended stays ended") {
  const Finding f = in_child([] {
    Run r("hello");
    r.go();
    return r.finding(r.machine->run_until(2 * second_ps));
  });
  CHECK(f.reason == StopReason::exited);
  CHECK(f.now_ps < second_ps);
}
