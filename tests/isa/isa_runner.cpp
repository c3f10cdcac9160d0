// isa_runner IMAGE [--cpus N] [--exact] [--strict] [--quantum N] [--limit-ms N] [--stats]: runs a bare-metal
// image on our machine and prints its serial text. One process per image, because SystemC elaborates once.
#include <cstdio>
#include <cstring>
#include <string>

#include "sim/core/error.h"
#include "sim/platform/machine.h"

using namespace xs;

namespace {

class Printer final : public ConsoleSink {
 public:
  void on_output(std::string_view bytes, u64) override { std::fwrite(bytes.data(), 1, bytes.size(), stdout); }
};

struct Arguments {
  platform::MachineConfig machine;
  std::string image;
  u64 limit_ms = 10'000;
  bool stats = false;
};

Arguments parse(int argc, char** argv) {
  Arguments a;
  a.machine.memory_mib = 128;
  a.machine.high_base = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    auto number = [&] {
      return i + 1 < argc ? std::stoull(argv[++i]) : throw Error(word + " needs a number");
    };
    if (word == "--cpus")
      a.machine.cpus = static_cast<unsigned>(number());
    else if (word == "--exact")
      a.machine.fidelity = Fidelity::exact;
    else if (word == "--strict")
      a.machine.strict_alignment = true;
    else if (word == "--quantum")
      a.machine.quantum = static_cast<u32>(number());
    else if (word == "--limit-ms")
      a.limit_ms = number();
    else if (word == "--stats")
      a.stats = true;
    else
      a.image = word;
  }
  if (a.image.empty())
    throw Error(
        "usage: isa_runner IMAGE [--cpus N] [--exact] [--strict] [--quantum N] [--limit-ms N] [--stats]");
  return a;
}

void explain(const platform::Machine& machine, platform::StopReason reason, unsigned cpus) {
  static const char* const names[] = {"paused", "deadline", "exited", "reset", "triple fault", "deadlock"};
  std::fprintf(stderr, "stopped: %s at %llu ps\n", names[static_cast<int>(reason)],
               static_cast<unsigned long long>(machine.now_ps()));
  for (unsigned cpu = 0; cpu < cpus; ++cpu) {
    std::fprintf(stderr, "cpu %u:", cpu);
    for (const char* name : {"rip", "rsp", "rflags", "rax", "rcx", "cr0", "cr2", "cr3"})
      std::fprintf(stderr, " %s=%llx", name, static_cast<unsigned long long>(machine.cpu_reg(cpu, name)));
    std::fprintf(stderr, "\n");
  }
}

int run(const Arguments& a) {
  Printer printer;
  platform::Machine machine(a.machine, nullptr);
  machine.set_serial_sink(&printer);
  machine.load({a.image, "", {}});
  const platform::StopReason reason = machine.run_until(a.limit_ms * 1'000'000'000);
  std::fflush(stdout);
  if (a.stats) {
    const auto c = machine.counters();
    std::fprintf(stderr, "instructions %llu exceptions %llu interrupts %llu steps %llu hash %llx\n",
                 static_cast<unsigned long long>(c.instructions),
                 static_cast<unsigned long long>(c.exceptions), static_cast<unsigned long long>(c.interrupts),
                 static_cast<unsigned long long>(c.single_steps),
                 static_cast<unsigned long long>(machine.execution_hash()));
  }
  if (reason == platform::StopReason::exited && machine.exit_value() == 0)
    return static_cast<int>(ExitCode::success);
  explain(machine, reason, a.machine.cpus);
  return static_cast<int>(reason == platform::StopReason::deadline ? ExitCode::timeout : ExitCode::crash);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(parse(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "isa_runner: %s\n", error.what());
    return static_cast<int>(ExitCode::error);
  }
}
