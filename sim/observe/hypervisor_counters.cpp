#include "sim/observe/hypervisor_counters.h"

#include "hypervisor/abi/counters.h"

namespace xs::observe {

namespace {
constexpr u32 most_cpus = 1024;
}

std::vector<std::string> hypervisor_counter_names() {
#define XS_NAME(name) #name,
  std::vector<std::string> names;
  for (const char* what : {XS_EACH_VHPT_COUNTER(XS_NAME)}) names.push_back(std::string("vhpt.") + what);
  for (const char* way : {".fast", ".slow"})
    for (const char* what : {XS_EACH_HYPERPRIVOP(XS_NAME)})
      names.push_back(std::string("hyperprivop.") + what + way);
#undef XS_NAME
  return names;
}

std::map<std::string, u64> hypervisor_counters(const Image& hypervisor,
                                               const std::function<bool(u64 va, void* out, u64 size)>& peek) {
  std::map<std::string, u64> sums;
  const std::optional<u64> symbol = hypervisor.symbol(XS_COUNTERS_SYMBOL);
  const std::vector<std::string> names = hypervisor_counter_names();
  xs_counters published;
  if (!symbol || !peek(*symbol, &published, sizeof published)) return sums;
  if (published.magic != XS_COUNTERS_MAGIC || published.count != names.size() || published.cpus > most_cpus)
    return sums;
  std::vector<u64> block(names.size());
  for (u32 cpu = 0; cpu < published.cpus; ++cpu) {
    if (!peek(published.first + u64{cpu} * published.stride, block.data(), block.size() * sizeof(u64)))
      return {};
    for (std::size_t n = 0; n < names.size(); ++n) sums[names[n]] += block[n];
  }
  return sums;
}

}  // namespace xs::observe
