#include <catch2/catch.hpp>

#include "sim/core/error.h"
#include "sim/platform/machine.h"

using namespace xs;
using namespace xs::platform;

namespace {
std::string error_of(const std::string& text) {
  try {
    parse_machine_json(text, "m.json");
  } catch (const Error& e) {
    return e.what();
  }
  return "accepted";
}
}  // namespace

TEST_CASE("an empty object means the defaults") {
  const MachineConfig c = parse_machine_json("{}", "m.json"), d;
  CHECK(c.cpus == d.cpus);
  CHECK(c.memory_mib == 512);
  CHECK(c.high_base == 0xf2d40000000);
  CHECK(c.timing.frequency_hz == 1'000'000'000);
}

TEST_CASE("every key arrives") {
  const MachineConfig c = parse_machine_json(R"({ "machine": {  // comments are allowed
    "arch": "x86_64", "cpus": 4, "memory_mib": 1024, "low_memory_mib": 64, "high_base": "0x200000000000",
    "quantum": 5000, "fidelity": "exact", "wall_clock_s": 1, "seed": 99,
    "timing": {"frequency_hz": 2000000000, "instruction": 2, "tlb_l2_hit": 3, "walk_access": 4, "ad_update": 5, "trap": 6,
      "iret": 7, "syscall": 8, "cr_write": 9, "invlpg": 10, "msr": 11, "cpuid": 12, "port_io": 13, "mmio": 14},
    "tlb": {"l1i_4k": {"entries": 64, "ways": 4}, "l1d_1g": {"entries": 8, "ways": 8}, "walk_cache_entries": 0},
    "disk": {"latency_ns": 7, "bytes_per_s": 8000}
  } })",
                                             "m.json");
  CHECK(c.cpus == 4);
  CHECK(c.memory_mib == 1024);
  CHECK(c.low_memory_mib == 64);
  CHECK(c.high_base == u64{1} << 45);
  CHECK(c.quantum == 5000);
  CHECK(c.fidelity == Fidelity::exact);
  CHECK(c.wall_clock_s == 1);
  CHECK(c.seed == 99);
  CHECK(c.timing.frequency_hz == 2'000'000'000);
  CHECK(c.timing.instruction == 2);
  CHECK(c.timing.mmio == 14);
  CHECK(c.timing.cpuid == 12);
  CHECK(c.tlb.l1i_4k.entries == 64);
  CHECK(c.tlb.l1d_1g.ways == 8);
  CHECK(c.tlb.walk_cache_entries == 0);
  CHECK(c.disk_latency_ns == 7);
  CHECK(c.disk_bytes_per_s == 8000);
}

TEST_CASE("an IOMMU is there when it is asked for") {
  CHECK_FALSE(parse_machine_json("{}", "m.json").iommu);
  CHECK(parse_machine_json(R"({"iommu": true})", "m.json").iommu);
  CHECK(parse_machine_json(R"({"arch": "ia64", "iommu": true})", "m.json").iommu);
  CHECK(error_of(R"({"iommu": 1})") == "m.json: machine.iommu: must be true or false");
}

TEST_CASE("a network is there when it is asked for") {
  CHECK_FALSE(parse_machine_json("{}", "m").network);
  const MachineConfig bare = parse_machine_json(R"({"network": {}})", "m");
  REQUIRE(bare.network);
  CHECK_FALSE(bare.network->station);
  CHECK(bare.network->link.latency_ns == 20'000);
  const auto network =
      parse_machine_json(R"({"network": {"mac": "02:00:00:00:00:0A", "latency_ns": 1, "bytes_per_s": 2000,
    "lose_every": 3, "station": {"mac": "02:00:00:00:00:0b", "address": "192.168.1.2"}}})",
                         "m")
          .network;
  REQUIRE((network && network->station));
  CHECK(network->mac == MacAddress{2, 0, 0, 0, 0, 10});
  CHECK(network->link.latency_ns == 1);
  CHECK(network->link.bytes_per_s == 2000);
  CHECK(network->link.lose_every == 3);
  CHECK(network->station->mac == MacAddress{2, 0, 0, 0, 0, 11});
  CHECK(network->station->address == 0xc0a80102);
}

TEST_CASE("a network that makes no sense is refused") {
  CHECK(error_of(R"({"network": {"latency": 1}})") == "m.json: machine.network.latency: unknown key");
  CHECK(error_of(R"({"network": {"station": {"ip": "10.0.0.1"}}})") ==
        "m.json: machine.network.station.ip: unknown key");
  CHECK_THAT(error_of(R"({"network": {"bytes_per_s": 1}})"),
             Catch::StartsWith("m.json: machine.network.bytes_per_s: "));
  for (const char* mac : {"0", "01:00:00:00:00:00", "02:00:00:00:00", "02:00:00:00:00:00:00",
                          "02-00-00-00-00-00", "02:00:00:00:0g:00", " 2:00:00:00:00:00"})
    CHECK_THAT(error_of(std::string(R"({"network": {"mac": ")") + mac + R"("}})"),
               Catch::StartsWith("m.json: machine.network.mac: must be"));
  for (const char* address : {"10.0.0", "10.0.0.256", "10.0.0.1.1", "station"})
    CHECK_THAT(error_of(std::string(R"({"network": {"station": {"address": ")") + address + R"("}}})"),
               Catch::StartsWith("m.json: machine.network.station.address: must be"));
  CHECK(error_of(R"({"network": {"station": {"mac": "00:16:3e:ff:00:00"}}})") ==
        "m.json: machine.network.station.mac: is the device's own");
}

TEST_CASE("alignment is strict in exact fidelity, and where it is asked for") {
  CHECK_FALSE(parse_machine_json("{}", "m").strict_alignment);
  CHECK(parse_machine_json(R"({"fidelity": "exact"})", "m").strict_alignment);
  CHECK(parse_machine_json(R"({"strict_alignment": true})", "m").strict_alignment);
  CHECK_FALSE(
      parse_machine_json(R"({"fidelity": "exact", "strict_alignment": false})", "m").strict_alignment);
  CHECK(error_of(R"({"strict_alignment": 1})") == "m.json: machine.strict_alignment: must be true or false");
}

TEST_CASE("errors name file and path") {
  CHECK(error_of(R"({"cpu": 1})") == "m.json: machine.cpu: unknown key");
  CHECK(error_of(R"({"timing": {"traps": 1}})") == "m.json: machine.timing.traps: unknown key");
  CHECK(error_of(R"({"cpus": 5})") == "m.json: machine.cpus: must be from 1 to 4, not 5");
  CHECK_THAT(error_of(R"({"cpus": -1})"),
             Catch::StartsWith("m.json: machine.cpus: must be a non-negative integer"));
  CHECK_THAT(error_of(R"({"cpus": 1.5})"), Catch::Contains("machine.cpus"));
  CHECK_THAT(error_of(R"({"cpus": "0x"})"), Catch::Contains("machine.cpus"));
  CHECK_THAT(error_of(R"({"high_base": "0x11112222333344445"})"), Catch::Contains("machine.high_base"));
  CHECK_THAT(error_of(R"({"memory_mib": 99999999999})"), Catch::Contains("machine.memory_mib"));
  CHECK_THAT(error_of(R"({"memory_mib": 0})"), Catch::Contains("machine.memory_mib"));
  CHECK_THAT(error_of(R"({"high_base": 4096})"), Catch::Contains("multiple of 1 GiB"));
  CHECK_THAT(error_of(R"({"high_base": 1073741824})"), Catch::Contains("4 GiB"));
  CHECK_THAT(error_of(R"({"high_base": "0x1000000000000"})"), Catch::Contains("2^48"));
  CHECK_THAT(error_of(R"({"arch": "m68k"})"), Catch::Contains("machine.arch"));
  CHECK_THAT(error_of(R"({"fidelity": "slow"})"), Catch::Contains("machine.fidelity"));
  CHECK_THAT(error_of(R"({"tlb": {"l1i_4k": {"entries": 100, "ways": 3}}})"), Catch::Contains("l1i_4k.ways"));
  CHECK_THAT(error_of(R"({"tlb": {"l1i_4k": {"entries": 96, "ways": 4}}})"), Catch::Contains("power of two"));
  CHECK_THAT(error_of(R"({"timing": []})"), Catch::Contains("machine.timing: must be an object"));
  CHECK_THAT(error_of("[]"), Catch::Contains("must be an object"));
  CHECK_THAT(error_of("{"), Catch::StartsWith("m.json: ") && Catch::Contains("line 1"));
  CHECK_THAT(error_of(""), Catch::StartsWith("m.json: "));
}

TEST_CASE("an IA-64 machine has its own defaults, and none of x86-64's keys") {
  const MachineConfig c = parse_machine_json(R"({"arch": "ia64", "fidelity": "exact"})", "m");
  CHECK(c.arch == "ia64");
  CHECK_FALSE(c.strict_alignment);
  CHECK(parse_machine_json("{}", "m", "ia64").arch == "ia64");
  CHECK(parse_machine_json(R"({"arch": "x86_64"})", "m", "ia64").high_base == 0xf2d40000000);
  CHECK(error_of(R"({"arch": "ia64", "tlb": {}})") == "m.json: machine.tlb: unknown key");
  CHECK(error_of(R"({"arch": "ia64", "strict_alignment": true})") ==
        "m.json: machine.strict_alignment: unknown key");
}

TEST_CASE("memory of an IA-64 machine does not lie over the I/O port space") {
  CHECK_THAT(error_of(R"({"arch": "ia64", "memory_mib": 1024, "high_base": "0xfffc0000000"})"),
             Catch::Contains("I/O port space"));
  CHECK(parse_machine_json(R"({"arch": "ia64", "high_base": "0xfff80000000"})", "m").high_base ==
        0xfff80000000);
  CHECK(parse_machine_json(R"({"arch": "ia64", "high_base": "0x100000000000"})", "m").memory_mib == 512);
}

TEST_CASE("absurd nesting is an error, not a crash") {
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  CHECK_THAT(error_of(deep), Catch::StartsWith("m.json: "));
  CHECK_THAT(error_of("{\"machine\":" + deep + "}"), Catch::StartsWith("m.json: "));
  CHECK_THAT(error_of("{\"cpus\":" + deep + "}"), Catch::StartsWith("m.json: "));
}
