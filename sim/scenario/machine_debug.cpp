#include "sim/scenario/machine_debug.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "sim/debug/server.h"
#include "sim/scenario/vcpu_controls.h"

namespace xs::scenario {

struct MachineDebug::Impl final : debug::DebugTarget {
  Impl(const DebugOptions& o, platform::Machine& m, const observe::Observer& w, std::vector<std::string> i)
      : options(o),
        machine(m),
        observer(w),
        images(std::move(i)),
        vcpus(machine, observer, images.front()),
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
      const u8* host = machine.memory().readable(pa++);
      if (!host) return false;
      byte = *host;
    }
    return true;
  }
  bool write_physical(u64 pa, std::span<const u8> in) override { return machine.write_memory(pa, in); }
  std::vector<debug::DebugThread> threads() override;
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
  const VcpuControls vcpus;
  std::vector<std::unique_ptr<CpuControl>> controls;  ///< of the last threads()
  const debug::Address address;
  debug::GdbServer server;

 private:
  std::string domain_name(u32 domid) const;
};

std::string MachineDebug::Impl::domain_name(u32 domid) const {
  const auto domain = observer.domain(domid);
  return domain ? domain->name : "";
}

// Who runs where is known by the marks; who else there is, by the hypervisor's memory.
std::vector<debug::DebugThread> MachineDebug::Impl::threads() {
  const auto id = [](u32 domid, u32 vcpu) { return u64{domid + 1} << 8 | (vcpu + 1); };
  std::vector<debug::DebugThread> all;
  const auto runs = [&](u64 wanted) {
    return std::any_of(all.begin(), all.end(), [&](const auto& t) { return t.id == wanted; });
  };
  for (unsigned cpu = 0; cpu < cpus(); ++cpu) {
    if (const auto v = observer.running(cpu))
      all.push_back({id(v->domid, v->vcpu),
                     fmt::format("dom{} vcpu{} (running on cpu{})", v->domid, v->vcpu, cpu),
                     domain_name(v->domid), cpu, &machine.control(cpu)});
    else
      all.push_back({cpu + 1, fmt::format("cpu{} (no VCPU)", cpu), "", cpu, &machine.control(cpu)});
  }
  controls.clear();
  for (const observe::SavedVcpu& v : vcpus.list()) {
    if (runs(id(v.domid, v.vcpu))) continue;
    controls.push_back(vcpus.control_of(v));
    all.push_back({id(v.domid, v.vcpu), fmt::format("dom{} vcpu{} ({})", v.domid, v.vcpu, v.state),
                   domain_name(v.domid), std::nullopt, controls.back().get()});
  }
  return all;
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
