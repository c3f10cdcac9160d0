// Several machines in one simulation: each runs as if it were alone, but for what comes over a wire.
#include <algorithm>
#include <memory>
#include <systemc>

#include "sim/core/error.h"
#include "tests/cosim/machine/child_machine.h"

using namespace xs;
using namespace xs::platform;
using namespace xs::test;

namespace {

constexpr u64 ms = 1'000'000'000;
constexpr std::size_t most = 3;

struct Guest {
  std::string arch, image;
  unsigned cpus = 1;
  std::string cmdline = {}, module = {};
  bool network = false;
};

std::string file_of(const std::string& arch, const std::string& name) {
  return std::string(arch == "ia64" ? XS_IA64_IMAGE_DIR : XS_IMAGE_DIR) + "/" + name + ".elf";
}

/// What can be seen of a machine; plain data, because it crosses a pipe.
struct Seen {
  std::optional<StopReason> ended;
  u32 exit_value = 0;
  u64 now_ps = 0, hash = 0, serial = 0;
  std::array<u64, 14> counters{};
  NetworkCounters network;
  bool operator==(const Seen& o) const {
    return ended == o.ended && exit_value == o.exit_value && now_ps == o.now_ps && hash == o.hash &&
           serial == o.serial && counters == o.counters;
  }
};

struct Serial : ConsoleSink {
  u64 bytes = 0;
  void on_output(std::string_view text, u64) override { bytes += text.size(); }
};

struct Host {
  Host(Simulation& simulation, const Guest& guest, const std::string& name)
      : machine(simulation, config_of(guest), nullptr, name) {
    machine.set_serial_sink(&serial);
    if (guest.network) machine.attach_network();
    BootImage boot{file_of(guest.arch, guest.image), guest.cmdline, {}};
    if (!guest.module.empty()) boot.modules.push_back(file_of(guest.arch, guest.module));
    machine.load(boot);
  }
  static MachineConfig config_of(const Guest& guest) {
    MachineConfig config = default_machine(guest.arch);
    config.cpus = guest.cpus;
    config.memory_mib = 256;
    if (guest.network) config.network = NetworkConfig();
    return config;
  }
  Seen seen() const {
    const MachineCounters c = machine.counters();
    return {machine.ended(),
            machine.exit_value(),
            machine.now_ps(),
            machine.execution_hash(),
            serial.bytes,
            {c.instructions, c.cycles, c.idle_cycles, c.exceptions, c.interrupts, c.port_accesses,
             c.mmio_accesses, c.quanta, c.single_steps, c.syscalls, c.mmu.accesses, c.mmu.misses, c.mmu.walks,
             c.mmu.flush_all},
            c.network};
  }
  Serial serial;
  Machine machine;
};

struct Hosts {
  explicit Hosts(const std::vector<Guest>& guests) {
    for (const Guest& g : guests)
      all.push_back(std::make_unique<Host>(simulation, g, all.empty() ? "" : names.at(all.size())));
  }
  /// Until the deadline, or all have ended.
  StopReason run(u64 deadline_ps) {
    while (true) {
      const StopReason why = simulation.run_until(deadline_ps);
      if (why == StopReason::deadline || why == StopReason::deadlock || all_ended()) return why;
    }
  }
  bool all_ended() const {
    return std::all_of(all.begin(), all.end(), [](const auto& h) { return h->machine.ended(); });
  }
  std::array<Seen, most> seen() const {
    std::array<Seen, most> out;
    for (std::size_t i = 0; i < all.size(); ++i) out[i] = all[i]->seen();
    return out;
  }
  Machine& machine(std::size_t i) { return all.at(i)->machine; }

  const std::array<const char*, most> names{"", "beta", "gamma"};
  Simulation simulation;
  std::vector<std::unique_ptr<Host>> all;
};

std::array<Seen, most> run(const std::vector<Guest>& guests, u64 deadline_ps) {
  return in_child([&] {
    Hosts hosts(guests);
    hosts.run(deadline_ps);
    return hosts.seen();
  });
}

/// What a callable throws; empty: nothing.
template <typename Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const Error& e) {
    return e.what();
  }
  return {};
}

const std::string dom0 = "dom0_mem=64M dom0=\"programs=none do='info; shutdown-host'\"";
const std::string pinging = "dom0_mem=64M dom0=\"programs=none do='ping 10.0.0.9 count=2'\"";
const std::string listening = "dom0_mem=64M dom0=\"programs=none\"";

}  // namespace

TEST_CASE("a machine beside others runs as it does alone") {
  const Guest hello{"x86_64", "hello", 4}, ticks{"x86_64", "machine_pit_ticks"},
      reset{"x86_64", "machine_acpi_reset"}, several{"ia64", "several", 4}, interrupts{"ia64", "interrupts"},
      xen{"x86_64", "hypervisor", 3, dom0, "kernel"}, xen_ia64{"ia64", "hypervisor", 3, dom0, "kernel"};
  const std::vector<Guest> guests = GENERATE_COPY(
      std::vector{hello, hello}, std::vector{ticks, hello}, std::vector{several, interrupts},
      std::vector{several, several}, std::vector{ticks, interrupts, reset}, std::vector{xen, xen},
      std::vector{xen_ia64, xen_ia64, ticks}, std::vector{xen, xen_ia64, hello});
  const std::array<Seen, most> together = run(guests, 2000 * ms);
  for (std::size_t i = 0; i < guests.size(); ++i) {
    INFO(guests[i].arch << " " << guests[i].image << ", number " << i);
    const Seen alone = run({guests[i]}, 2000 * ms)[0];
    CHECK(together[i].ended == alone.ended);
    CHECK(together[i].now_ps == alone.now_ps);
    CHECK(together[i].counters == alone.counters);
    CHECK(together[i].hash == alone.hash);
    CHECK(together[i] == alone);
    CHECK(alone.ended.has_value());
    CHECK(alone.serial + alone.counters[0] > 0);
  }
}

TEST_CASE("a machine that has ended stands still while another one goes on") {
  struct Found {
    StopReason first, second, third, fourth;
    Seen at_its_end, later;
    bool other_ended;
    u64 now_ps;
  };
  const Found f = in_child([] {
    Hosts hosts({{"x86_64", "hello", 2}, {"x86_64", "machine_pit_ticks"}});
    Found found{};
    found.first = hosts.simulation.run_until(1000 * ms);
    found.at_its_end = hosts.all[0]->seen();
    found.other_ended = hosts.machine(1).ended().has_value();
    hosts.machine(0).serial_input("who is there?");
    found.second = hosts.simulation.run_until(1000 * ms);
    found.later = hosts.all[0]->seen();
    found.now_ps = hosts.simulation.now_ps();
    found.third = hosts.simulation.run_until(2000 * ms);
    found.fourth = hosts.simulation.run_until(3000 * ms);
    return found;
  });
  CHECK(f.first == StopReason::exited);
  CHECK(f.at_its_end.ended == StopReason::exited);
  CHECK_FALSE(f.other_ended);
  CHECK(f.second == StopReason::exited);
  CHECK(f.later == f.at_its_end);
  CHECK(f.now_ps > f.at_its_end.now_ps);
  CHECK(f.third == StopReason::exited);
  CHECK(f.fourth == StopReason::exited);
}

TEST_CASE("machines are deadlocked when all are") {
  const auto run_beside = [](const std::string& other) {
    return in_child([&] {
      Hosts hosts({{"x86_64", "machine_halt_for_ever"}, {"x86_64", other}});
      return hosts.run(20 * ms);
    });
  };
  CHECK(run_beside("machine_halt_for_ever") == StopReason::deadlock);
  CHECK(run_beside("machine_acpi_off") == StopReason::deadlock);  // that one has ended
  CHECK(run_beside("machine_serial_echo") == StopReason::deadline);
}

TEST_CASE("pause holds all machines") {
  struct Found {
    StopReason why, after;
    u64 paused_at, now;
  };
  const Found f = in_child([] {
    struct Pauser : ConsoleSink {
      Simulation* simulation = nullptr;
      void on_output(std::string_view, u64) override { simulation->pause(); }
    } pauser;
    Hosts hosts({{"x86_64", "machine_serial_echo"}, {"ia64", "interrupts"}});
    pauser.simulation = &hosts.simulation;
    hosts.machine(0).set_serial_sink(&pauser);
    Found found{};
    found.why = hosts.simulation.run_until(100 * ms);
    found.paused_at = hosts.simulation.now_ps();
    hosts.machine(0).set_serial_sink(nullptr);
    while ((found.after = hosts.simulation.run_until(100 * ms)) == StopReason::exited) continue;
    found.now = hosts.simulation.now_ps();
    return found;
  });
  CHECK(f.why == StopReason::paused);
  CHECK(f.paused_at < 100 * ms);
  CHECK(f.after == StopReason::deadline);
  CHECK(f.now == 100 * ms);
}

namespace {

const Guest asks{"x86_64", "hypervisor", 1, pinging, "kernel", true};
const Guest listens{"ia64", "hypervisor", 2, listening, "kernel", true};

/// Two joined machines, one of which sends two frames about 50 ms and 250 ms after its beginning.
struct Pair : Hosts {
  explicit Pair(const std::vector<Guest>& guests, const LinkSettings& link = {}) : Hosts(guests) {
    simulation.join(machine(0), machine(1), link);
  }
};

u64 arrived(const NetworkCounters& n) { return n.received + n.dropped; }

}  // namespace

TEST_CASE("frames go from one machine to the other") {
  const std::vector<Guest> guests =
      GENERATE(std::vector{asks, listens}, std::vector{listens, asks}, std::vector{asks, asks});
  const auto seen = in_child([&] {
    Pair pair(guests);
    pair.run(700 * ms);
    return pair.seen();
  });
  CHECK(seen[0].network.sent + seen[1].network.sent >= 2);
  CHECK(seen[0].network.sent == arrived(seen[1].network) + seen[0].network.lost);
  CHECK(seen[1].network.sent == arrived(seen[0].network) + seen[1].network.lost);
  CHECK(seen[0].network.lost + seen[1].network.lost == 0);
  CHECK(seen[0].network.received + seen[1].network.received >= 2);
}

TEST_CASE("what is joined runs the same in each process, wherever it is held") {
  const auto run_by = [](u64 slice_ps) {
    return in_child([&] {
      Pair pair({asks, listens});
      for (u64 at = slice_ps; at < 700 * ms; at += slice_ps) pair.run(at);
      pair.run(700 * ms);
      return pair.seen();
    });
  };
  const auto whole = run_by(700 * ms), pieces = run_by(7'777'777'777);
  CHECK(whole[0] == pieces[0]);
  CHECK(whole[1] == pieces[1]);
  CHECK(whole[1].network.received == pieces[1].network.received);
  CHECK(whole[1].network.received == 2);
}

TEST_CASE("a wire that is down, or loses frames, and a machine that has ended") {
  const auto seen_with = [](const std::function<void(Pair&)>& at_first) {
    return in_child([&] {
      Pair pair({asks, listens});
      at_first(pair);
      pair.run(700 * ms);
      return pair.seen();
    });
  };
  const auto down = seen_with([](Pair& p) { p.machine(1).change_link({.up = false}); });
  CHECK(down[0].network.sent == 2);
  CHECK(down[0].network.lost == 2);
  CHECK(down[1].network.lost == 0);
  CHECK(arrived(down[1].network) == 0);
  const auto lossy = seen_with([](Pair& p) { p.machine(0).change_link({.lose_every = 2}); });
  CHECK(lossy[0].network.lost == 1);
  CHECK(arrived(lossy[1].network) == 1);

  const auto gone = in_child([] {
    Guest short_lived = listens;
    short_lived.cmdline = dom0;
    Pair pair({asks, short_lived});
    pair.run(700 * ms);
    return pair.seen();
  });
  CHECK(gone[1].ended == StopReason::exited);
  CHECK(gone[0].network.sent == 2);
  CHECK(gone[0].network.lost + arrived(gone[1].network) == 2);
  CHECK(gone[0].network.lost >= 1);
}

TEST_CASE("what a simulation refuses") {
  const Guest hello{"x86_64", "hello"}, networked{"x86_64", "hello", 1, "", "", true};
  const bool all = in_child([&] {
    Simulation simulation;
    bool ok = refusal([] { Simulation second; }) == "one process can run one simulation";
    ok = ok && refusal([&] { simulation.run_until(ms); }) == "the simulation has no machine to run";
    Host a(simulation, networked, "alpha"), b(simulation, networked, "beta"), c(simulation, hello, "gamma"),
        d(simulation, networked, "delta");
    MachineConfig with_station = Host::config_of(networked);
    with_station.network->station = StationSettings();
    Machine station(simulation, with_station, nullptr, "epsilon");
    station.attach_network();
    ok = ok && refusal([&] { Host again(simulation, hello, "alpha"); }) ==
                   "two machines of the simulation have the name \"alpha\"";
    ok = ok && refusal([&] { simulation.join(a.machine, c.machine, {}); }) == "the machine has no network";
    ok = ok && refusal([&] { c.machine.change_link({.up = false}); }) == "the machine has no network";
    ok = ok && refusal([&] { a.machine.change_link({.bytes_per_s = 0}); }) ==
                   "a wire carries at least a byte per second";
    ok = ok && refusal([&] { simulation.join(a.machine, a.machine, {}); }) == "a wire joins two machines";
    ok = ok && refusal([&] { simulation.join(a.machine, station, {}); }) ==
                   "a machine that is joined to another one has no station on its wire";
    simulation.join(a.machine, b.machine, {});
    ok = ok && refusal([&] { simulation.join(b.machine, d.machine, {}); }) ==
                   "a machine's wire leads to one other machine";
    ok = ok && refusal([&] { simulation.run_until(ms); }) == "the machine has no kernel to run";
    ok = ok && sc_core::sc_find_object("alpha.memory_bus") && sc_core::sc_find_object("gamma.cpu0") &&
         !sc_core::sc_find_object("memory_bus");
    return ok;
  });
  CHECK(all);
}

TEST_CASE("what is too late for a simulation that has run") {
  const bool all = in_child([] {
    Hosts hosts({{"x86_64", "hello", 1, "", "", true}, {"x86_64", "hello", 1, "", "", true}});
    hosts.simulation.run_until(0);
    const Guest hello{"x86_64", "hello"};
    return refusal([&] { Host late(hosts.simulation, hello, "late"); }) ==
               "machines are made before the simulation runs" &&
           refusal([&] { hosts.simulation.join(hosts.machine(0), hosts.machine(1), {}); }) ==
               "wires are laid before the simulation runs";
  });
  CHECK(all);
}
