#include "sim/scenario/machine_debug.h"

#include <fmt/format.h>

#include <csignal>
#include <cstring>

#include "sim/debug/server.h"

namespace xs::scenario {

struct MachineDebug::Impl final : debug::DebugTarget {
  Impl(const DebugOptions& o, platform::Machine& m, const observe::Observer& w, std::vector<std::string> i)
      : options(o),
        machine(m),
        observer(w),
        images(std::move(i)),
        address(o.address),
        server(
            *this, address, [this] { return options.interrupted && options.interrupted->load(); },
            [] { std::raise(SIGTERM); }) {
    machine.set_debugger(&server);
  }
  ~Impl() override { machine.set_debugger(nullptr); }

  unsigned cpus() const override { return machine.cpus(); }
  CpuControl& cpu(unsigned index) override { return machine.control(index); }
  bool read_physical(u64 pa, std::span<u8> out) const override {
    for (u8& byte : out) {
      const u8* host = machine.memory().host(pa++);
      if (!host) return false;
      byte = *host;
    }
    return true;
  }
  bool write_physical(u64 pa, std::span<const u8> in) override { return machine.write_memory(pa, in); }
  std::string describe(unsigned cpu) const override;
  std::vector<std::string> symbol_commands() const override {
    std::vector<std::string> out;
    for (const std::string& image : images)
      out.push_back((out.empty() ? "symbol-file " : "add-symbol-file ") + image);
    return out;
  }
  u64 now_ps() const override { return machine.now_ps(); }

  const DebugOptions options;
  platform::Machine& machine;
  const observe::Observer& observer;
  const std::vector<std::string> images;
  const debug::Address address;
  debug::GdbServer server;
};

std::string MachineDebug::Impl::describe(unsigned cpu) const {
  const auto vcpu = observer.running(cpu);
  if (!vcpu) return fmt::format("core {}", cpu);
  const auto domain = observer.domain(vcpu->domid);
  const std::string name = domain && !domain->name.empty() ? fmt::format(" ({})", domain->name) : "";
  return fmt::format("core {}: domain {}{} VCPU {}", cpu, vcpu->domid, name, vcpu->vcpu);
}

MachineDebug::MachineDebug(const DebugOptions& options, platform::Machine& machine,
                           const observe::Observer& observer, std::vector<std::string> images)
    : impl_(std::make_unique<Impl>(options, machine, observer, std::move(images))) {}

MachineDebug::~MachineDebug() = default;

void MachineDebug::start() {
  std::fprintf(stderr, "xenoscope: gdb: target remote %s%s\n", impl_->address.text.c_str(),
               impl_->options.wait ? " (waiting for it)" : "");
  if (impl_->options.wait) impl_->server.wait_for_start();
}

void MachineDebug::poll() { impl_->server.poll(); }
void MachineDebug::ended(int exit_code) { impl_->server.ended(exit_code); }

}  // namespace xs::scenario
