// What a toolstack learns by sysctl about the machine and all its domains.
//
// Free memory decides whether a domain can be made, and the list of domains is where every operator looks
// first: figures must agree with each other, the list must be in order, hold each domain once and obey its
// bounds. As dom0 the test makes two domains and looks for them; as an ordinary domain it must learn nothing.
#include "guests/tests/lib/domain.h"

const char test_name[] = "toolstack-machine";

namespace {

void check_argument() {
  xen_sysctl op{};
  op.cmd = XEN_SYSCTL_physinfo;
  op.interface_version = XEN_SYSCTL_INTERFACE_VERSION - 1;
  test_equal("sysctl of another version", hypercall_sysctl(&op), -XEN_EACCES);
  test_equal("sysctl from unmapped memory", hypercall_sysctl(test_unmapped), -XEN_EFAULT);
}

void check_unprivileged() {
  const u32 commands[] = {XEN_SYSCTL_physinfo,  XEN_SYSCTL_getdomaininfolist, XEN_SYSCTL_debug_keys,
                          XEN_SYSCTL_availheap, XEN_SYSCTL_sched_id,          999};
  for (u32 command : commands) {
    xen_sysctl op{};
    test_equal("sysctl of an unprivileged domain", sysctl(command, op), -XEN_EPERM);
  }
}

u64 free_pages() {
  xen_sysctl_physinfo info;
  test_equal("physinfo", physical_info(info), 0);
  return info.free_pages;
}

void check_physinfo() {
  xen_sysctl_physinfo info;
  test_equal("physinfo", physical_info(info), 0);
  test_check(info.nr_cpus >= 1 && info.max_cpu_id + 1 >= info.nr_cpus, "%u CPUs, highest %u", info.nr_cpus,
             info.max_cpu_id);
  test_check(info.cpu_khz > 1000, "%u kHz", info.cpu_khz);
  test_check(info.capabilities & XEN_SYSCTL_PHYSCAP_pv, "capabilities 0x%x", info.capabilities);
  test_check(info.free_pages + boot_info->nr_pages <= info.total_pages, "%lu pages free of %lu",
             info.free_pages, info.total_pages);
  xen_sysctl op{};
  op.u.availheap.node = -1;
  test_equal("availheap", sysctl(XEN_SYSCTL_availheap, op), 0);
  test_equal("bytes in the heap", static_cast<s64>(op.u.availheap.avail_bytes),
             static_cast<s64>(free_pages() * page_bytes));
}

void check_free_memory() {
  constexpr unsigned count = 16;
  Mfn frames[count];
  const u32 domain = test_make_domain(1, 256);
  const u64 before = free_pages();
  test_equal("populate_physmap", test_populate(domain, 0, count, frames), count);
  // Where frames are translated, so many besides for the first frames' P2M.
  constexpr u64 p2m_levels = 4, besides = test_domain_model == XS_MODEL_TRANSLATED ? p2m_levels : 0;
  test_equal("pages gone", static_cast<s64>(before - free_pages()), count + besides);
  test_destroy_domain(domain);
  test_check(free_pages() >= before, "they did not come back");
}

void check_cpus() {
  xen_sysctl_cpuinfo_t idle[1] = {{~0ull}};
  xen_sysctl op{};
  op.u.getcpuinfo.max_cpus = 1;
  set_xen_guest_handle(op.u.getcpuinfo.info, idle);
  test_equal("getcpuinfo", sysctl(XEN_SYSCTL_getcpuinfo, op), 0);
  test_equal("CPUs told about", op.u.getcpuinfo.nr_cpus, 1);
  test_check(idle[0].idletime < system_time_ns(0) + ns_per_s, "CPU 0 was idle for %lu ns", idle[0].idletime);
  op.u.getcpuinfo.max_cpus = 1;
  set_xen_guest_handle(op.u.getcpuinfo.info, static_cast<xen_sysctl_cpuinfo_t*>(test_unmapped));
  test_equal("getcpuinfo to unmapped memory", sysctl(XEN_SYSCTL_getcpuinfo, op), -XEN_EFAULT);
}

xen_domctl_getdomaininfo infos[4];

u32 listed(u32 first, u32 most) {
  u32 count = most;
  test_equal("getdomaininfolist", domain_info_list(first, infos, count), 0);
  return count;
}

void check_list() {
  const u32 a = test_make_domain(1, 256), b = test_make_domain(1, 512);
  test_equal("domains", listed(0, 4), 3);
  test_check(infos[0].domain == 0 && infos[1].domain == a && infos[2].domain == b, "%u %u %u, not 0 %u %u",
             infos[0].domain, infos[1].domain, infos[2].domain, a, b);
  test_equal("most pages of the last", static_cast<s64>(infos[2].max_pages), 128);
  test_check(infos[0].flags & XEN_DOMINF_running && infos[1].flags & XEN_DOMINF_paused, "states 0x%x 0x%x",
             infos[0].flags, infos[1].flags);
  test_equal("room for one", listed(0, 1), 1);
  test_equal("from the second on", listed(1, 4), 2);
  test_equal("the first of them", infos[0].domain, a);
  test_equal("room for none", listed(0, 0), 0);
  test_equal("behind the last", listed(b + 1, 4), 0);
  u32 count = 4;
  test_equal("getdomaininfolist to unmapped memory",
             domain_info_list(0, static_cast<xen_domctl_getdomaininfo*>(test_unmapped), count), -XEN_EFAULT);
  test_destroy_domain(a);
  test_equal("domains then", listed(0, 4), 2);
  test_destroy_domain(b);
}

void check_rest() {
  xen_sysctl op{};
  op.u.debug_keys.nr_keys = 1;
  set_xen_guest_handle(op.u.debug_keys.keys, static_cast<char*>(test_unmapped));
  test_equal("debug_keys from unmapped memory", sysctl(XEN_SYSCTL_debug_keys, op), -XEN_EFAULT);
  op = {};
  test_equal("debug_keys, none", sysctl(XEN_SYSCTL_debug_keys, op), 0);
  test_equal("sched_id", sysctl(XEN_SYSCTL_sched_id, op), 0);
  test_equal("sysctl 999", sysctl(999, op), -XEN_ENOSYS);
}
}  // namespace

void test_main() {
  check_argument();
  if (!test_is_privileged()) return check_unprivileged();
  check_physinfo();
  check_free_memory();
  check_cpus();
  check_list();
  check_rest();
}
