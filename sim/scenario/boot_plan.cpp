#include "sim/scenario/boot_plan.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sim/scenario/image_name.h"

namespace xs::scenario {
namespace {

std::string found_image(const std::string& name, const std::string& arch) {
  std::string path = image_path(name, arch);
  if (::access(path.c_str(), R_OK) == 0) return path;
  throw Error(
      fmt::format("image \"{}\": {}: {}{}", name, path, std::strerror(errno),
                  name.find('/') == std::string::npos ? " (XENOSCOPE_IMAGES names another directory)" : ""));
}

std::string dom0_cmdline(const Dom0Config& dom0) {
  std::string words;
  if (dom0.autoballoon == "on" || (dom0.autoballoon == "auto" && dom0.memory_mib == 0))
    words += "autoballoon=on ";
  if (dom0.driver != "transparent" && !dom0.driver.empty()) words += "driver=" + dom0.driver + " ";
  words += dom0.cmdline;
  if (words.ends_with(' ')) words.pop_back();
  return words;
}

std::string hypervisor_cmdline(const Scenario& s) {
  std::string out;
  if (s.dom0.memory_mib) out += fmt::format("dom0_mem={}M ", s.dom0.memory_mib);
  if (s.dom0.model != "direct") out += "dom0_model=" + s.dom0.model + " ";
  if (s.dom0.pmt != "linear,attributes" && !s.dom0.pmt.empty()) out += "pmt=" + s.dom0.pmt + " ";
  if (s.dom0.superpages == "no") out += "superpages=no ";
  if (!s.hypervisor_cmdline.empty()) out += s.hypervisor_cmdline + " ";
  if (const std::string words = dom0_cmdline(s.dom0); !words.empty())
    out += fmt::format("dom0=\"{}\" ", words);
  if (!out.empty()) out.pop_back();
  return out;
}

}  // namespace

BootPlan boot_plan(const Scenario& s, const std::string& arch) {
  BootPlan plan;
  plan.hypervisor = found_image(s.hypervisor_kernel, arch);
  plan.dom0_kernel = found_image(s.dom0.kernel, arch);
  plan.cmdline = hypervisor_cmdline(s);
  plan.guests.push_back(plan.dom0_kernel);
  for (const DomainConfig& d : s.domains) {
    const DiskFile file{archive_name(d.kernel), found_image(d.kernel, arch)};
    const auto same = std::find_if(plan.disk.begin(), plan.disk.end(),
                                   [&](const DiskFile& f) { return f.name == file.name; });
    if (same != plan.disk.end() && same->path != file.path)
      throw Error(fmt::format("two kernels named \"{}\" on dom0's disk: {} and {}", file.name, same->path,
                              file.path));
    if (same == plan.disk.end()) plan.disk.push_back(file);
    if (std::find(plan.guests.begin(), plan.guests.end(), file.path) == plan.guests.end())
      plan.guests.push_back(file.path);
  }
  std::sort(plan.disk.begin(), plan.disk.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return plan;
}

}  // namespace xs::scenario
