// Parses the "machine" object of a machine or scenario file. Keys, units and defaults: docs/machine.md.
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>

#include "sim/core/error.h"
#include "sim/platform/ia64_map.h"
#include "sim/platform/machine.h"
#include "sim/platform/network/address.h"

namespace xs::platform {
namespace {

using Json = nlohmann::json;

// Highest usable physical address: 4-level paging with 48-bit physical addresses.
constexpr u64 address_limit = u64{1} << 48;
constexpr u64 most_memory_mib = u64{1} << 18;  // 256 GiB: as many frames as a trace can name

/// One JSON object being read: hands out its keys and rejects those nobody asked for.
class Section {
 public:
  Section(const Json& json, std::string file, std::string path)
      : json_(json), file_(std::move(file)), path_(std::move(path)) {
    if (!json_.is_object()) fail(path_, "must be an object");
  }

  [[noreturn]] void fail(const std::string& path, const std::string& why) const {
    throw Error(file_ + ": " + path + ": " + why);
  }

  template <class T>
  void number(const char* key, T& out, u64 least, u64 most) {
    const Json* value = take(key);
    if (!value) return;
    const u64 n = as_u64(*value, child(key));
    if (n < least || n > most)
      fail(child(key), "must be from " + std::to_string(least) + " to " + std::to_string(most) + ", not " +
                           std::to_string(n));
    out = static_cast<T>(n);
  }

  void text(const char* key, std::string& out) {
    const Json* value = take(key);
    if (!value) return;
    if (!value->is_string()) fail(child(key), "must be a string");
    out = value->get<std::string>();
  }

  void flag(const char* key, bool& out) {
    const Json* value = take(key);
    if (!value) return;
    if (!value->is_boolean()) fail(child(key), "must be true or false");
    out = value->get<bool>();
  }

  template <class F>
  void object(const char* key, F&& read) {
    const Json* value = take(key);
    if (!value) return;
    Section section(*value, file_, child(key));
    read(section);
    section.finish();
  }

  void finish() const {
    for (const auto& [key, value] : json_.items())
      if (!taken_.count(key)) fail(child(key), "unknown key");
  }
  std::string child(const std::string& key) const { return path_ + "." + key; }

 private:
  const Json* take(const char* key) {
    taken_[key] = true;
    const auto it = json_.find(key);
    return it == json_.end() ? nullptr : &*it;
  }

  // Numbers, or "0x..." strings because JSON has no hexadecimal.
  u64 as_u64(const Json& value, const std::string& path) const {
    if (value.is_number_unsigned()) return value.get<u64>();
    if (value.is_string()) {
      const std::string& s = value.get_ref<const std::string&>();
      const bool hex = s.size() > 2 && s.size() <= 18 && s.starts_with("0x") &&
                       s.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string::npos;
      if (hex) return std::stoull(s.substr(2), nullptr, 16);
    }
    fail(path, "must be a non-negative integer or a \"0x...\" string");
  }

  const Json& json_;
  std::string file_, path_;
  std::map<std::string, bool> taken_;
};

void read_timing(Section& s, TimingModel& t) {
  constexpr u64 most = 1'000'000'000;  // cycles
  s.number("frequency_hz", t.frequency_hz, 1'000'000, 100'000'000'000);
  s.number("instruction", t.instruction, 1, most);
  s.number("tlb_l2_hit", t.tlb_l2_hit, 0, most);
  s.number("walk_access", t.walk_access, 0, most);
  s.number("ad_update", t.ad_update, 0, most);
  s.number("trap", t.trap, 0, most);
  s.number("iret", t.iret, 0, most);
  s.number("syscall", t.syscall, 0, most);
  s.number("cr_write", t.cr_write, 0, most);
  s.number("invlpg", t.invlpg, 0, most);
  s.number("msr", t.msr, 0, most);
  s.number("cpuid", t.cpuid, 0, most);
  s.number("port_io", t.port_io, 0, most);
  s.number("mmio", t.mmio, 0, most);
}

void read_level(Section& tlb, const char* key, mmu::TlbGeometry::Level& level) {
  tlb.object(key, [&](Section& s) {
    s.number("entries", level.entries, 1, 1 << 20);
    s.number("ways", level.ways, 1, 1 << 20);
    if (level.entries % level.ways) s.fail(s.child("ways"), "must divide entries");
    const u32 sets = level.entries / level.ways;
    if (sets & (sets - 1)) s.fail(s.child("entries"), "entries / ways must be a power of two");
  });
}

void read_tlb(Section& s, mmu::TlbGeometry& g) {
  read_level(s, "l1i_4k", g.l1i_4k);
  read_level(s, "l1i_2m", g.l1i_2m);
  read_level(s, "l1d_4k", g.l1d_4k);
  read_level(s, "l1d_2m", g.l1d_2m);
  read_level(s, "l1d_1g", g.l1d_1g);
  read_level(s, "l2_4k2m", g.l2_4k2m);
  read_level(s, "l2_1g", g.l2_1g);
  s.number("walk_cache_entries", g.walk_cache_entries, 0, 1 << 16);
}

void read_disk(Section& s, MachineConfig& c) {
  s.number("latency_ns", c.disk_latency_ns, 0, 10'000'000'000);
  s.number("bytes_per_s", c.disk_bytes_per_s, 1'000, 1'000'000'000'000);
}

// "00:16:3e:ff:00:00", of one station: the lowest bit of the first byte says that a frame is for several.
void read_mac(Section& s, const char* key, MacAddress& out) {
  std::string text;
  s.text(key, text);
  if (text.empty()) return;
  bool good = text.size() == 3 * out.size() - 1;
  for (std::size_t i = 0; good && i < text.size(); ++i)
    good = i % 3 == 2 ? text[i] == ':' : std::isxdigit(static_cast<unsigned char>(text[i])) != 0;
  for (std::size_t i = 0; good && i < out.size(); ++i)
    out[i] = static_cast<u8>(std::stoul(text.substr(3 * i, 2), nullptr, 16));
  if (!good || out[0] & 1)
    s.fail(s.child(key), "must be the address of one station, as \"00:16:3e:ff:00:00\"");
}

void read_address(Section& s, const char* key, u32& out) {
  std::string text;
  s.text(key, text);
  if (text.empty()) return;
  const auto address = parse_ipv4(text);
  if (!address) s.fail(s.child(key), "must be an IPv4 address, as \"10.0.255.254\"");
  out = *address;
}

void read_network(Section& s, MachineConfig& c) {
  NetworkConfig& network = c.network.emplace();
  read_mac(s, "mac", network.mac);
  unsigned slot = ia64_map::virtio_slots;
  s.number("slot", slot, 0, ia64_map::virtio_slots - 1);
  if (slot < ia64_map::virtio_slots) network.slot = slot;
  s.number("latency_ns", network.link.latency_ns, 0, 10'000'000'000);
  s.number("bytes_per_s", network.link.bytes_per_s, 1'000, 1'000'000'000'000);
  s.number("lose_every", network.link.lose_every, 0, 1'000'000'000);
  s.object("station", [&](Section& station) {
    StationSettings& settings = network.station.emplace();
    read_mac(station, "mac", settings.mac);
    read_address(station, "address", settings.address);
    if (settings.mac == network.mac) station.fail(station.child("mac"), "is the device's own");
  });
}

void read_machine(Section& s, MachineConfig& c) {
  std::string fidelity = c.fidelity == Fidelity::fast ? "fast" : "exact";
  std::string arch = c.arch;
  s.text("arch", arch);
  if (arch != "x86_64" && arch != "ia64") s.fail(s.child("arch"), "must be \"x86_64\" or \"ia64\"");
  c = default_machine(arch);
  s.number("cpus", c.cpus, 1, 4);
  s.number("memory_mib", c.memory_mib, 16, most_memory_mib);
  s.number("low_memory_mib", c.low_memory_mib, 16, 3072);
  s.number("high_base", c.high_base, 0, address_limit);
  s.number("quantum", c.quantum, 100, 10'000'000);
  s.text("fidelity", fidelity);
  if (fidelity != "fast" && fidelity != "exact") s.fail(s.child("fidelity"), "must be \"fast\" or \"exact\"");
  c.fidelity = fidelity == "fast" ? Fidelity::fast : Fidelity::exact;
  if (arch == "x86_64") {
    c.strict_alignment = c.fidelity == Fidelity::exact;
    s.flag("strict_alignment", c.strict_alignment);
    s.object("tlb", [&](Section& t) { read_tlb(t, c.tlb); });
  }
  s.number("wall_clock_s", c.wall_clock_s, 0, 253'402'300'799);  // 31 December 9999
  s.number("seed", c.seed, 0, ~u64{0});
  s.object("timing", [&](Section& t) { read_timing(t, c.timing); });
  s.object("disk", [&](Section& t) { read_disk(t, c); });
  s.object("network", [&](Section& t) { read_network(t, c); });
  s.flag("iommu", c.iommu);
  if (c.high_base % (u64{1} << 30)) s.fail(s.child("high_base"), "must be a multiple of 1 GiB");
  if (c.high_base && c.high_base < (u64{4} << 30))
    s.fail(s.child("high_base"), "must be 0 or at least 4 GiB");
  if (c.high_base + (c.memory_mib << 20) > address_limit)
    s.fail(s.child("high_base"), "memory would end above 2^48");
  const u64 high_end = c.high_base + (c.memory_mib << 20);
  if (arch == "ia64" && c.high_base < ia64_map::port_space + ia64_map::port_space_size &&
      high_end > ia64_map::port_space)
    s.fail(s.child("high_base"), "memory would lie over the I/O port space at 0xffffc000000");
}

}  // namespace

MachineConfig default_machine(const std::string& arch) {
  MachineConfig config;
  config.arch = arch;
  return config;
}

MachineConfig parse_machine_json(const std::string& text, const std::string& file_name,
                                 const std::string& arch) {
  Json json;
  try {
    json = Json::parse(text, nullptr, true, true);
  } catch (const Json::parse_error& e) {
    throw Error(file_name + ": " + e.what());
  }
  if (json.is_object() && json.size() == 1 && json.contains("machine")) {
    Json inner = std::move(json["machine"]);  // moved: copying recurses, and nesting is up to the file
    json = std::move(inner);
  }
  MachineConfig config = default_machine(arch);
  Section section(json, file_name, "machine");
  read_machine(section, config);
  section.finish();
  return config;
}

}  // namespace xs::platform
