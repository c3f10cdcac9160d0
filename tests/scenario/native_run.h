// The kernel on our bare machine and on QEMU's, with an operator who waits for what he is told.
#pragma once
#include <cstring>
#include <functional>

#include "sim/observe/image.h"
#include "sim/platform/machine.h"
#include "tests/cosim/machine/child_machine.h"
#include "tests/support/qemu_microvm.h"

namespace xs::test {

inline std::string kernel_for(const std::string& arch) {
  return (arch == "ia64" ? XS_IA64_IMAGE_DIR : XS_IMAGE_DIR) + std::string("/kernel.elf");
}
inline const std::string kernel = kernel_for("x86_64");
inline constexpr u64 second_ps = 1'000'000'000'000;
inline const std::string prompt = "> ";

/// A line for the operator channel, typed when the prompt is there and the serial line has said `after`.
struct Command {
  std::string text, after;
};

inline platform::MachineConfig machine_of(u64 memory_mib, u64 low_memory_mib, u64 high_base) {
  platform::MachineConfig config;
  config.memory_mib = memory_mib;
  config.low_memory_mib = low_memory_mib;
  config.high_base = high_base;
  return config;
}
inline platform::MachineConfig machine_of(const std::string& arch, u64 memory_mib, u64 low_memory_mib,
                                          u64 high_base) {
  platform::MachineConfig config = machine_of(memory_mib, low_memory_mib, high_base);
  config.arch = arch;
  return config;
}
inline constexpr u64 all_low = 0, far_away = 0xf2d40000000;

struct Setup {
  std::string cmdline, disk;
  bool console = true;  ///< else the operator sits at the serial line
  std::vector<Command> commands;
  platform::MachineConfig machine = machine_of(512, 512, all_low);  ///< as QEMU lays it out
  std::function<void(platform::Machine&)> before_run = [](platform::Machine&) {};
};

/// Crosses a pipe (child_machine.h): plain data.
struct Found {
  platform::StopReason reason = platform::StopReason::paused;
  u32 exit_value = 0;
  char serial[8192] = {}, channel[8192] = {};
};

struct Sink : ConsoleSink {
  std::string text;
  std::function<void()> react = [] {};
  void on_output(std::string_view bytes, u64) override {
    text += bytes;
    react();
  }
};

inline Found ours(const Setup& setup) {
  return in_child([&] {
    Sink serial, channel;
    platform::Machine machine(setup.machine, nullptr);
    machine.set_serial_sink(&serial);
    if (!setup.disk.empty()) machine.attach_disk(setup.disk, true);
    if (setup.console) machine.add_virtio_console(&channel);
    machine.load({kernel_for(setup.machine.arch), setup.cmdline, {}});
    setup.before_run(machine);
    std::size_t next = 0, seen = 0;
    Sink& where = setup.console ? channel : serial;
    serial.react = channel.react = [&] {
      if (next == setup.commands.size() || where.text.find(prompt, seen) == std::string::npos) return;
      const Command& c = setup.commands[next];
      if (serial.text.find(c.after) == std::string::npos) return;
      seen = where.text.size();
      ++next;
      setup.console ? machine.console_input(0, c.text + "\n") : machine.serial_input(c.text + "\n");
    };
    Found f;
    f.reason = machine.run_until(20 * second_ps);
    f.exit_value = machine.exit_value();
    std::strncpy(f.serial, serial.text.c_str(), sizeof f.serial - 1);
    std::strncpy(f.channel, channel.text.c_str(), sizeof f.channel - 1);
    return f;
  });
}

/// The image is linked at this + where it lies.
inline u64 image_base(const std::string& arch) {
  return arch == "ia64" ? 0xa000000000000000 : 0xffffffff80000000;
}

inline u64 place_of_function(const std::string& arch, const std::string& name) {
  const observe::Image image(kernel_for(arch));
  for (const observe::Function& f : image.functions())
    if (f.name == name || f.name.starts_with(name + "(")) return f.address - image_base(arch);
  throw std::runtime_error("no function " + name);
}

inline u64 place_of_data(const std::string& arch, const std::string& symbol) {
  return observe::Image(kernel_for(arch)).symbol(symbol).value() - image_base(arch);
}

/// The first instructions of the process `worker`, in the ELF file inside the kernel's image.
inline u64 worker_entry(const std::string& arch, platform::Machine& machine) {
  const u64 elf = place_of_data(arch, "program_worker");
  u64 entry = 0, headers = 0, offset = 0, address = 0;
  bool ok = machine.memory().read(elf + 24, &entry, 8) && machine.memory().read(elf + 32, &headers, 8);
  ok = ok && machine.memory().read(elf + headers + 8, &offset, 8);
  ok = ok && machine.memory().read(elf + headers + 16, &address, 8);
  if (!ok) throw std::runtime_error("no worker");
  return elf + offset + (entry - address);
}

inline Found with_worker(const std::string& arch, const std::vector<u8>& code) {
  Setup setup;
  setup.machine.arch = arch;
  setup.commands = {{"info", "worker[2]: "}, {"shutdown-host", "forker[1]: "}};
  setup.before_run = [&](platform::Machine& machine) {
    machine.write_memory(worker_entry(arch, machine), code);
  };
  return ours(setup);
}

inline QemuResult theirs(const Setup& setup) {
  const QemuMicrovm::Seconds patience(60);
  QemuOptions options;
  options.kernel = kernel;
  options.cmdline = setup.cmdline;
  options.disk = setup.disk;
  options.consoles = setup.console ? 1 : 0;
  QemuMicrovm qemu(options);
  std::size_t seen = 0;
  for (const Command& c : setup.commands) {
    REQUIRE(qemu.wait_for(0, prompt, patience, seen));
    REQUIRE(qemu.wait_for(QemuMicrovm::serial, c.after, patience));
    seen = qemu.text(0).size();
    qemu.type(0, c.text + "\n");
  }
  return qemu.finish(patience);
}

}  // namespace xs::test
