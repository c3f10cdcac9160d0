// VCPUs by domctl: what a builder writes into one must be what a debugger or a saver reads out of it.
//
// A domain starts with the state that setvcpucontext gave its VCPU 0, and is saved by reading it back, so
// nothing may be lost on the way and nothing half obeyed: a context with a bad table or from bad memory
// leaves the VCPU undescribed. Needs dom0; the test makes a domain of two VCPUs that never runs.
#include "guests/tests/toolstack-vcpu/contexts.h"

const char test_name[] = "toolstack-vcpu";

vcpu_guest_context_t written, found;

namespace {
constexpr u32 absent = 9;  // VCPUs 0 and 1 exist

long context(u32 command, u32 domain, u32 vcpu, void* to) {
  xen_domctl op{};
  op.u.vcpucontext.vcpu = vcpu;
  set_xen_guest_handle(op.u.vcpucontext.ctxt, static_cast<vcpu_guest_context_t*>(to));
  return domctl(command, domain, op);
}
long set_context(u32 domain, u32 vcpu, void* from) {
  return context(XEN_DOMCTL_setvcpucontext, domain, vcpu, from);
}
long get_context(u32 domain, u32 vcpu, void* to) {
  return context(XEN_DOMCTL_getvcpucontext, domain, vcpu, to);
}

void check_refusals(u32 domain, Mfn table) {
  test_equal("getvcpucontext before there is one", get_context(domain, 0, &found), -XEN_ENODATA);
  test_equal("getvcpucontext of an absent VCPU", get_context(domain, absent, &found), -XEN_EINVAL);
  test_equal("getvcpucontext of the caller", get_context(0, 0, &found), -XEN_EINVAL);
  test_equal("setvcpucontext of an absent VCPU", set_context(domain, absent, &written), -XEN_EINVAL);
  test_equal("setvcpucontext of the caller", set_context(0, 0, &written), -XEN_EINVAL);
  test_equal("setvcpucontext from unmapped memory", set_context(domain, 0, test_unmapped), -XEN_EFAULT);
  for (unsigned mistake = 0; describe_badly(mistake, table); mistake++)
    test_equal("setvcpucontext with what no VCPU can have", set_context(domain, 0, &written), -XEN_EINVAL);
  test_equal("getvcpucontext after refusals", get_context(domain, 0, &found), -XEN_ENODATA);
}

void check_context(u32 domain) {
  test_equal("setvcpucontext", set_context(domain, 0, &written), 0);
  test_equal("getvcpucontext", get_context(domain, 0, &found), 0);
  check_registers();
  test_equal("getvcpucontext to unmapped memory", get_context(domain, 0, test_unmapped), -XEN_EFAULT);
  test_equal("getvcpucontext of the other VCPU", get_context(domain, 1, &found), -XEN_ENODATA);
  xen_domctl_getdomaininfo info;
  test_equal("getdomaininfo", domain_info(domain, info), 0);
  test_equal("VCPUs online", info.nr_online_vcpus, 1);
}

long vcpu_info(u32 domain, u32 vcpu, xen_domctl_getvcpuinfo& info) {
  xen_domctl op{};
  op.u.getvcpuinfo.vcpu = vcpu;
  const long error = domctl(XEN_DOMCTL_getvcpuinfo, domain, op);
  info = op.u.getvcpuinfo;
  return error;
}

void check_information(u32 domain) {
  xen_domctl_getvcpuinfo info{};
  test_equal("getvcpuinfo", vcpu_info(domain, 0, info), 0);
  test_check(info.online && !info.blocked && !info.running && !info.cpu_time,
             "online %u, blocked %u, running %u, ran %lu ns", info.online, info.blocked, info.running,
             info.cpu_time);
  test_equal("getvcpuinfo of a VCPU never described", vcpu_info(domain, 1, info), 0);
  test_equal("it is online", info.online, 0);
  test_equal("getvcpuinfo of the caller", vcpu_info(0, 0, info), 0);
  test_check(info.online && info.running && info.cpu_time, "the caller does not run");
  test_equal("getvcpuinfo of an absent VCPU", vcpu_info(domain, absent, info), -XEN_EINVAL);
  test_equal("getvcpuinfo of no domain", vcpu_info(test_no_such_domain, 0, info), -XEN_ESRCH);
}

long affinity(u32 command, u32 domain, u32 vcpu, u32 flags, u8* map) {
  xen_domctl op{};
  op.u.vcpuaffinity.vcpu = vcpu;
  op.u.vcpuaffinity.flags = flags;
  op.u.vcpuaffinity.cpumap_hard.nr_bits = op.u.vcpuaffinity.cpumap_soft.nr_bits = 8;
  set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, map);
  set_xen_guest_handle(op.u.vcpuaffinity.cpumap_soft.bitmap, map);
  return domctl(command, domain, op);
}

void check_affinity(u32 domain) {
  constexpr u32 get = XEN_DOMCTL_getvcpuaffinity, set = XEN_DOMCTL_setvcpuaffinity;
  constexpr u32 hard = XEN_VCPUAFFINITY_HARD, soft = XEN_VCPUAFFINITY_SOFT;
  u8 map = 0;
  test_equal("getvcpuaffinity", affinity(get, domain, 0, hard, &map), 0);
  test_check(map & 1, "CPU 0 is not among those a new VCPU may run on: 0x%x", map);
  map = 1;
  test_equal("setvcpuaffinity", affinity(set, domain, 0, hard, &map), 0);
  test_equal("what it comes to", map, 1);
  map = 0;
  test_equal("getvcpuaffinity again", affinity(get, domain, 0, hard, &map), 0);
  test_equal("affinity as set", map, 1);
  test_equal("getvcpuaffinity, soft", affinity(get, domain, 0, soft, &map), 0);
  map = 0;
  test_equal("setvcpuaffinity to no CPU", affinity(set, domain, 0, hard, &map), -XEN_EINVAL);
  test_equal("setvcpuaffinity of neither kind", affinity(set, domain, 0, 0, &map), -XEN_EINVAL);
  test_equal("getvcpuaffinity of neither kind", affinity(get, domain, 0, 0, &map), -XEN_EINVAL);
  test_equal("getvcpuaffinity without a map", affinity(get, domain, 0, hard, nullptr), -XEN_EINVAL);
  test_equal("setvcpuaffinity of an absent VCPU", affinity(set, domain, absent, hard, &map), -XEN_EINVAL);
  test_equal("getvcpuaffinity of an absent VCPU", affinity(get, domain, absent, hard, &map), -XEN_EINVAL);
  test_equal("setvcpuaffinity from unmapped memory",
             affinity(set, domain, 0, hard, static_cast<u8*>(test_unmapped)), -XEN_EFAULT);
}
}  // namespace

void test_main() {
  if (!test_is_privileged()) test_skip("it takes a privileged domain");
  const u32 domain = test_make_domain(2, 64);
  Mfn table[1];
  if (test_populate(domain, 0, 1, table) != 1) test_error("no memory for a domain");
  describe(table[0]);
  check_refusals(domain, table[0]);
  describe(table[0]);
  check_context(domain);
  check_information(domain);
  check_affinity(domain);
  test_destroy_domain(domain);
}
