#include "guests/kernel/dom0/toolstack.h"

#include "guests/kernel/balloon.h"
#include "guests/kernel/bench/bench.h"
#include "guests/kernel/dom0/block_attach.h"
#include "guests/kernel/dom0/create.h"
#include "guests/kernel/dom0/device_attach.h"
#include "guests/kernel/dom0/disk_read.h"
#include "guests/kernel/dom0/dma_misuse.h"
#include "guests/kernel/dom0/domain.h"
#include "guests/kernel/dom0/log_dirty.h"
#include "guests/kernel/dom0/moving/moving.h"
#include "guests/kernel/dom0/network_attach.h"
#include "guests/kernel/dom0/page_swap.h"
#include "guests/kernel/dom0/store_server.h"
#include "guests/kernel/net/stack.h"
#include "guests/kernel/operator/archive_verbs.h"
#include "guests/kernel/operator/operator.h"
#include "guests/kernel/operator/verbs.h"
#include "guests/kernel/p2m_verb.h"
#include "guests/lib/domctl.h"
#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/panic.h"

namespace {
constexpr u64 pages_per_mib = MiB / page_bytes;
constexpr char dom0_name[] = "Domain-0";

struct Target {
  u32 id;
  Domain* domain;  // null for dom0
};

bool is_dom0(const char* text) {
  return !strcmp(text, dom0_name) || !strcmp(text, "dom0") || !strcmp(text, "0");
}

bool find_target(const char* text, Target& target, Status& status) {
  target = {0, nullptr};
  if (is_dom0(text)) return true;
  target.domain = domain_find(text);
  if (!target.domain) {
    status.fail(-XEN_ESRCH, "there is no domain %s", text);
    return false;
  }
  target.id = target.domain->id;
  return true;
}

bool find_domain(const CommandLine& c, Target& target, Status& status) {
  if (!find_target(c.words[1], target, status)) return false;
  if (target.domain) return true;
  status.fail(-XEN_EPERM, "%s is not for dom0", c.words[0]);
  return false;
}

bool parse_mib(const char* text, u64& kib, Status& status) {
  u64 mib;
  constexpr u64 largest = 1 << 20;  // MiB
  if (parse_number(text, mib) && mib && mib <= largest) {
    kib = mib * KiB;
    return true;
  }
  status.fail(-XEN_EINVAL, "%s is no size in MiB", text);
  return false;
}

void print_row(const char* name, const xen_domctl_getdomaininfo& i) {
  bool crashed = (i.flags & XEN_DOMINF_shutdown) &&
                 ((i.flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask) == SHUTDOWN_crash;
  bool shut_down = (i.flags & XEN_DOMINF_shutdown) && !crashed;
  auto flag = [](bool set, char letter) { return set ? letter : '-'; };
  u64 tenths = i.cpu_time / (ns_per_s / 10);
  operator_print("%-24s %4u %8lu %5u    %c%c%c%c%c%c  %5lu.%lu", name, i.domain, i.tot_pages / pages_per_mib,
                 i.nr_online_vcpus, flag(i.flags & XEN_DOMINF_running, 'r'),
                 flag(i.flags & XEN_DOMINF_blocked, 'b'), flag(i.flags & XEN_DOMINF_paused, 'p'),
                 flag(shut_down, 's'), flag(crashed, 'c'), flag(i.flags & XEN_DOMINF_dying, 'd'), tenths / 10,
                 tenths % 10);
}

// A domain that this dom0 has no record of has no name: one that something still holds on to after its end.
const char* name_of(u32 id) {
  if (!id) return dom0_name;
  const Domain* domain = domain_by_id(id);
  return domain ? domain->name : "(null)";
}

void do_list(const CommandLine&, Status& status) {
  static xen_domctl_getdomaininfo infos[16];  // one operator, one list at a time
  operator_print("Name                       ID      Mem VCPUs    State   Time(s)");
  for (u32 first = 0, count = count_of(infos); count == count_of(infos);) {
    if (long error = domain_info_list(first, infos, count))
      return status.fail(error, "the hypervisor does not tell about its domains");
    for (u32 i = 0; i < count; i++) print_row(name_of(infos[i].domain), infos[i]);
    if (count) first = infos[count - 1].domain + 1u;
  }
}

void do_info(const CommandLine&, Status& status) {
  xen_sysctl_physinfo info;
  if (long error = physical_info(info))
    return status.fail(error, "the hypervisor does not tell about the machine");
  operator_print("nr_cpus                : %u", info.nr_cpus);
  operator_print("total_memory           : %lu", info.total_pages / pages_per_mib);
  operator_print("free_memory            : %lu", info.free_pages / pages_per_mib);
  operator_print("free_kib               : %lu", info.free_pages * (page_bytes / KiB));
}

void do_mem_set(const CommandLine& c, Status& status) {
  Target t;
  u64 kib;
  if (!find_target(c.words[1], t, status) || !parse_mib(c.words[2], kib, status)) return;
  if (!t.domain) {
    if (kib > balloon_limit_kib())
      return status.fail(-XEN_EINVAL, "dom0 can have at most %lu MiB", balloon_limit_kib() / KiB);
    return balloon_set_target(kib);
  }
  u64 limit = t.domain->max_pages * (page_bytes / KiB);
  if (kib > limit) return status.fail(-XEN_EINVAL, "maxmem of domain %u is %lu MiB", t.id, limit / KiB);
  char path[64], text[24];
  format(path, sizeof path, "/local/domain/%u/memory/target", t.id);
  format(text, sizeof text, "%lu", kib);
  if (long error = store_write_text(path, text)) status.fail(error, "the target cannot be stored");
}

void do_mem_max(const CommandLine& c, Status& status) {
  Target t;
  u64 kib;
  if (!find_target(c.words[1], t, status) || !parse_mib(c.words[2], kib, status)) return;
  xen_domctl op{};
  op.u.max_mem.max_memkb = kib;
  if (long error = domctl(XEN_DOMCTL_max_mem, t.id, op)) return status.fail(error, "maxmem is refused");
  if (!t.domain) return;
  // Its frames' numbers may go as far as they ever could.
  t.domain->pages = max_of(t.domain->pages, t.domain->max_pages);
  t.domain->max_pages = kib * KiB / page_bytes;
}

void do_pause(const CommandLine& c, Status& status) {
  Target t;
  if (!find_domain(c, t, status)) return;
  if (long error = domctl_simple(XEN_DOMCTL_pausedomain, t.id))
    status.fail(error, "domain %u cannot be paused", t.id);
}

void do_unpause(const CommandLine& c, Status& status) {
  Target t;
  if (!find_domain(c, t, status)) return;
  if (long error = domctl_simple(XEN_DOMCTL_unpausedomain, t.id))
    status.fail(error, "domain %u cannot be unpaused", t.id);
}

void do_suspend(const CommandLine& c, Status& status) {
  Target t;
  if (!find_domain(c, t, status)) return;
  const long error = domain_suspend(t.id);
  if (error == -XEN_EBUSY) return status.fail(error, "domain %u is suspended already", t.id);
  if (error) status.fail(error, "domain %u does not suspend", t.id);
}

void do_resume(const CommandLine& c, Status& status) {
  Target t;
  if (!find_domain(c, t, status)) return;
  if (long error = domain_resume(t.id)) status.fail(error, "domain %u is not suspended", t.id);
}

void do_destroy(const CommandLine& c, Status& status) {
  Target t;
  if (!find_domain(c, t, status)) return;
  if (long error = domain_destroy(t.domain)) status.fail(error, "domain %u cannot be destroyed", t.id);
}

void do_shutdown(const CommandLine& c, Status& status) {
  Target t;
  if (!find_domain(c, t, status)) return;
  char path[64];
  format(path, sizeof path, "/local/domain/%u/control/shutdown", t.id);
  if (long error = store_write_text(path, "poweroff")) status.fail(error, "the request cannot be stored");
}

void do_p2m(const CommandLine& c, Status& status) {
  Target t;
  if (!find_domain(c, t, status)) return;
  p2m_tell(t.id, t.domain->max_pages, status);
}

void do_log_dirty(const CommandLine& c, Status& status) {
  Target t;
  if (!find_domain(c, t, status)) return;
  log_dirty_tell(t.id, t.domain->max_pages, c.words[2], status);
}

void do_debug_keys(const CommandLine& c, Status& status) {
  xen_sysctl op{};
  set_xen_guest_handle(op.u.debug_keys.keys, c.words[1]);
  op.u.debug_keys.nr_keys = static_cast<u32>(strlen(c.words[1]));
  if (long error = sysctl(XEN_SYSCTL_debug_keys, op)) status.fail(error, "the keys are refused");
}

void do_shutdown_host(const CommandLine&, Status&) { shutdown(SHUTDOWN_poweroff); }

constexpr Verb verbs[] = {
    {"create", any_number,
     "name=<name> kernel=<file> memory=<MiB> [maxmem=] [vcpus=] [model=direct|translated|dom0_pmt|exposed] "
     "[shadow_memory=] [paused=1] [extra=\"\"]",
     do_create},
    {"list", 0, "", do_list},
    {"mem-set", 2, "<domain> <MiB>", do_mem_set},
    {"mem-max", 2, "<domain> <MiB>", do_mem_max},
    {"pause", 1, "<domain>", do_pause},
    {"unpause", 1, "<domain>", do_unpause},
    {"suspend", 1, "<domain>", do_suspend},
    {"resume", 1, "<domain>", do_resume},
    save_verb,
    restore_verb,
    {"destroy", 1, "<domain>", do_destroy},
    {"shutdown", 1, "<domain>", do_shutdown},
    {"network-attach", any_number,
     "<domain> [receive=copy|flip|donate-copy|donate-free|exchange] [backend=<domain>]", do_network_attach},
    block_attach_verb,
    {"device-attach", 2, "<domain> <slot>", do_device_attach},
    {"device-detach", 2, "<domain> <slot>", do_device_detach},
    {"info", 0, "", do_info},
    {"p2m", 1, "<domain>", do_p2m},
    {"log-dirty", 2, "<domain> on|off|clean|peek", do_log_dirty},
    {"dma-misuse", 2, "<machine address> r|w", do_dma_misuse},
    disk_read_verb,
    page_swap_verb,
    {"debug-keys", 1, "<characters>", do_debug_keys},
    files_verb,
    hash_verb,
    bench_verb,
    ping_verb,
    stream_verb,
    {"shutdown-host", 0, "", do_shutdown_host},
};
}  // namespace

void toolstack_execute(char* line, Status& status) { verbs_execute(verbs, count_of(verbs), line, status); }
