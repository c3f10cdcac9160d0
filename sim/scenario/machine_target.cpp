#include "sim/scenario/machine_target.h"

#include <fmt/format.h>

#include <optional>

#include "sim/observe/names.h"
#include "sim/scenario/boot_plan.h"
#include "sim/scenario/counters.h"
#include "sim/scenario/image_name.h"

namespace xs::scenario {
namespace {

using observe::DomainInfo;

/// Hands a device's bytes to one of the listener's two ears.
class Ear : public ConsoleSink {
 public:
  using Method = void (TargetListener::*)(std::string_view, u64);
  explicit Ear(Method method) : method_(method) {}
  void on_output(std::string_view bytes, u64 time_ps) override { (listener->*method_)(bytes, time_ps); }
  TargetListener* listener = nullptr;

 private:
  Method method_;
};

class ObserverView : public Observation {
 public:
  ObserverView(observe::Observer& observer, platform::Machine& machine, std::string arch)
      : observer_(observer), machine_(machine), arch_(std::move(arch)) {}

  observe::OwnershipTable ownership() const override { return observer_.ownership(); }
  std::vector<DomainInfo> domains() const override { return observer_.domains(); }
  CheckResult check() const override {
    CheckResult out;
    for (const auto& d : observer_.compare_with_memory(machine_.cpu(0), &out.count))
      out.problems.push_back("replica: differs from memory: " + d.text);
    if (out.count != 0) {  // the invariants would judge what is not there
      out.skipped.emplace_back("the invariants: the replica is not what memory holds");
      return out;
    }
    std::vector<const CpuView*> cpus;
    for (unsigned i = 0; i < machine_.cpus(); ++i) cpus.push_back(&machine_.cpu(i));
    const observe::CheckReport report = observer_.check_invariants(cpus, machine_.now_ps());
    for (const auto& v : report.violations)
      if (out.problems.size() < most_problems)
        out.problems.push_back(fmt::format("{}: {}", observe::invariant_name(v.which), v.text));
    out.frames_checked = report.frames_checked;
    out.skipped = report.skipped;
    out.count = report.violation_count;
    return out;
  }
  void name_domain(u32 domid, const std::string& name) override { observer_.name_domain(domid, name); }
  void set_kernel(u32 domid, const std::string& kernel) override {
    observer_.set_domain_image(domid, image_path(kernel, arch_));
  }
  void step_begin(const std::string& name, u64 time_ps) override { observer_.step_begin(name, time_ps); }
  void note(observe::NoteKind kind, const std::string& text, u64 time_ps) override {
    observer_.note(kind, text, time_ps);
  }
  void step_end(bool passed, u64 time_ps) override { observer_.step_end(passed, time_ps); }
  void console_line(const ConsoleLine& l) override { observer_.console_line(l.source, l.text, l.time_ps); }
  std::string p2m_dump(u32 domid) const override { return observer_.p2m_dump(domid); }
  std::vector<observe::P2mShape> p2m_shapes() const override { return observer_.p2m_shapes(); }
  std::vector<observe::Exposure> exposures() const override { return observer_.exposures(); }
  u64 finish(u64 time_ps) override {
    const u64 hash = observer_.finish(time_ps);
    if (!observer_.trace_error().empty()) throw Error(observer_.trace_error());
    return hash;
  }

 private:
  static constexpr std::size_t most_problems = 20;
  observe::Observer& observer_;
  platform::Machine& machine_;
  const std::string arch_;
};

class BootedMachine : public MachineTarget, private observe::Listener {
 public:
  BootedMachine(const Scenario& scenario, const MachineTargetOptions& options)
      : scenario_(scenario), options_(options) {}

  void start(TargetListener& listener) override;
  void type_operator(std::string_view bytes) override { machine_->console_input(0, bytes); }
  platform::StopReason run_until(u64 deadline_ps) override {
    if (debug_) debug_->poll();
    return machine_->run_until(deadline_ps);
  }
  void ended(int exit_code) override {
    if (debug_) debug_->ended(exit_code);
  }
  void pause() override { machine_->pause(); }
  platform::Machine& machine() override { return *machine_; }
  observe::Observer& observer() override { return *observer_; }
  const VcpuControls& vcpus() override {
    if (!vcpus_) vcpus_.emplace(*machine_, *observer_, hypervisor_);
    return *vcpus_;
  }
  u64 now_ps() const override { return machine_ ? machine_->now_ps() : 0; }
  u32 exit_value() const override { return machine_ ? machine_->exit_value() : 0; }
  void fail_disk_reads(u64 count) override { machine_->fail_disk_reads(count); }
  void send_from_station(const StationStream& stream) override { machine_->send_from_station(stream); }
  std::map<std::string, u64> counters() const override {
    return machine_ ? named_counters(*machine_, *observer_) : std::map<std::string, u64>();
  }
  u64 execution_hash() const override { return machine_ ? machine_->execution_hash() : 0; }
  std::vector<std::string> where() const override {
    return machine_ ? backtraces(*machine_, *observer_) : std::vector<std::string>();
  }
  std::string annotate(const std::string& line, const std::string& kernel) const override {
    // Guests' kernels share addresses: each is asked alone.
    observe::Symbolizer symbols;
    symbols.add(std::make_shared<observe::Image>(
        image_path(kernel.empty() ? scenario_.hypervisor_kernel : kernel, options_.arch)));
    return symbols.annotate_backtrace(line);
  }
  Observation* observation() override { return view_ ? &*view_ : nullptr; }

 private:
  void emit(const char* kind, u32 domid, std::string state) {
    listener_->on_event({machine_->now_ps(), kind, domid, std::move(state)});
  }
  void on_domain_created(const DomainInfo& d) override { emit("domain-created", d.domid, ""); }
  void on_domain_ready(const DomainInfo& d) override { emit("domain-ready", d.domid, ""); }
  void on_domain_state(const DomainInfo& d, xs_domain_state) override {
    emit("domain-state", d.domid, observe::domain_state_name(d.state));
  }
  void on_boot_step(unsigned step) override { emit("boot", 0, observe::boot_step_name(step)); }
  void on_panic(unsigned) override { emit("panic", 0, ""); }
  void on_unmodelled(const std::string& text) override { emit("unmodelled", 0, text); }
  void on_dma_refused(const std::string& text) override { emit("dma-refused", 0, text); }
  void on_isolation(const observe::Violation& v) override {
    emit("violation", 0, fmt::format("{}: {}", observe::invariant_name(v.which), v.text));
  }

  const Scenario& scenario_;
  const MachineTargetOptions options_;
  TargetListener* listener_ = nullptr;
  Ear serial_{&TargetListener::on_serial}, operator_{&TargetListener::on_operator};
  std::unique_ptr<observe::Observer> observer_;
  std::unique_ptr<platform::Machine> machine_;
  std::optional<ObserverView> view_;
  std::string hypervisor_;             ///< its image
  std::optional<VcpuControls> vcpus_;  ///< made when somebody looks
  std::optional<MachineDebug> debug_;
};

void BootedMachine::start(TargetListener& listener) {
  listener_ = serial_.listener = operator_.listener = &listener;
  platform::MachineConfig config = machine_config(scenario_, options_.arch);
  const BootPlan plan = boot_plan(scenario_, options_.arch);
  const std::string disk = options_.work_directory + "/dom0-disk.tar";
  write_disk_image(disk, plan.disk);
  const Dom0Config& dom0 = scenario_.dom0;
  const std::string data_disk =
      dom0.disk_file.empty() ? options_.work_directory + "/dom0-data.img" : dom0.disk_file;
  if (dom0.disk_mib) make_disk(data_disk, dom0.disk_mib, !dom0.disk_file.empty());

  observe::ObserverOptions watch;
  watch.hypervisor = hypervisor_ = plan.hypervisor;
  watch.guests = plan.guests;
  watch.trace_file = options_.trace_file;
  watch.scenario = scenario_.name;
  watch.seed = scenario_.seed;
  watch.cpus = config.cpus;
  watch.architecture = config.arch;
  watch.isolation_monitor = true;
  observer_ = std::make_unique<observe::Observer>(watch);
  observer_->set_listener(this);

  config.taps = observer_->taps();
  machine_ = std::make_unique<platform::Machine>(config, observer_.get());
  observer_->attach(machine_->memory());
  observer_->watch_tlbs([this](unsigned cpu, u64 mfn) { return machine_->tlb_maps_for_user(cpu, mfn); });
  observer_->watch_tags([this](unsigned cpu) { return machine_->tagged_pages(cpu); });
  observer_->watch_outlived(
      [this](unsigned cpu, u64 mfn) { return machine_->tlb_outlives_tables(cpu, mfn); });
  observer_->watch_quanta([this] { return machine_->counters().quanta; });
  machine_->watch_dma(observer_.get());
  machine_->set_serial_sink(&serial_);
  machine_->add_virtio_console(&operator_);
  machine_->attach_disk(disk, true);
  if (dom0.disk_mib) machine_->attach_disk(data_disk, false, dom0.disk_slot);
  if (config.network) machine_->attach_network();
  if (config.iommu)
    observer_->watch_iommu({machine_->device_slots(),
                            [this](unsigned slot) { return machine_->slot_registers(slot); },
                            [this](unsigned slot, u64 mfn) { return machine_->iommu_reach(slot, mfn); }});
  machine_->load({plan.hypervisor, plan.cmdline, {plan.dom0_kernel}});
  view_.emplace(*observer_, *machine_, options_.arch);
  view_->set_kernel(0, scenario_.dom0.kernel);
  if (options_.debug.address.empty()) return;
  std::vector<std::string> images = {plan.hypervisor};
  images.insert(images.end(), plan.guests.begin(), plan.guests.end());
  debug_.emplace(options_.debug, *machine_, *observer_, std::move(images));
  debug_->start();
}

}  // namespace

platform::MachineConfig machine_config(const Scenario& s, const std::string& arch) {
  const std::string place =
      fmt::format("{}:{}:{}", s.file, s.machine_position.line, s.machine_position.column);
  platform::MachineConfig config = platform::parse_machine_json(s.machine_json, place, arch);
  if (config.arch != arch) throw Error(place + ": machine.arch: the scenario is run on " + arch);
  config.seed = s.seed;
  return config;
}

std::unique_ptr<MachineTarget> make_machine_target(const Scenario& scenario,
                                                   const MachineTargetOptions& options) {
  return std::make_unique<BootedMachine>(scenario, options);
}

}  // namespace xs::scenario
