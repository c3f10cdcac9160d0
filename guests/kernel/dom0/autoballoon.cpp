#include "guests/kernel/dom0/autoballoon.h"

#include "guests/kernel/balloon.h"
#include "guests/kernel/operator/boot_word.h"
#include "guests/kernel/platform.h"
#include "guests/kernel/thread.h"
#include "guests/lib/domctl.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
constexpr u64 look_ns = ns_per_ms;
// The balloon is stuck when dom0 has not become smaller for so long.
constexpr u64 patience_ns = 500 * ns_per_ms;
constexpr u64 kept_kib = 16 * MiB / KiB;  // of its free memory dom0 gives none of that

u64 free_kib() {
  xen_sysctl_physinfo info;
  return physical_info(info) ? ~0ull
                             : info.free_pages * (page_bytes / KiB);  // the allocation itself will tell
}

// What the hypervisor keeps for a domain beside its memory: tables, VCPUs, translations.
u64 overhead_kib(const DomainConfig& config) {
  return config.max_memory_kib / 128 + MiB / KiB * (config.vcpus + config.shadow_mib + 1);
}

bool enabled() {
  char word[8];
  return boot_word(platform.command_line(), "autoballoon", word, sizeof word) && !strcmp(word, "on");
}

// Until `wanted` is free, or dom0 gives no more. What was free before may have gone to somebody else
// meanwhile.
void donate(u64 wanted) {
  const u64 before = balloon_target_kib();
  u64 least = balloon_actual_kib(), deadline = now_ns() + patience_ns;
  for (u64 free = free_kib(); free < wanted && now_ns() < deadline; free = free_kib()) {
    const u64 actual = balloon_actual_kib(), lacking = wanted - free;
    if (actual <= balloon_target_kib()) balloon_set_target(actual - min_of(actual, lacking));
    if (actual < least) least = actual, deadline = now_ns() + patience_ns;
    sleep_ns(look_ns);
  }
  if (free_kib() < wanted) balloon_set_target(before);
}
}  // namespace

bool make_room(const DomainConfig& config, Status& status) {
  const u64 wanted = config.memory_kib + overhead_kib(config);
  if (wanted > free_kib() && wanted + kept_kib <= free_kib() + balloon_spare_kib() && enabled())
    donate(wanted);
  const u64 free = free_kib();
  if (config.memory_kib <= free) return true;
  status.fail(-XEN_ENOMEM, "not enough free memory: need %lu KiB, free are %lu KiB", config.memory_kib, free);
  return false;
}
