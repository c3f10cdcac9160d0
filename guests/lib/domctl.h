// The toolstack's hypercalls.
#pragma once
#include "guests/lib/hypercall.h"
#include "guests/lib/string.h"

#include <xen/domctl.h>
#include <xen/sysctl.h>

// Fills in command, version and domain; the caller has filled in the arguments.
inline long domctl(u32 command, u32 domain, xen_domctl& op) {
  op.cmd = command;
  op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
  op.domain = static_cast<domid_t>(domain);
  return hypercall_domctl(&op);
}
inline long domctl_simple(u32 command, u32 domain) {
  xen_domctl op{};
  return domctl(command, domain, op);
}
inline long sysctl(u32 command, xen_sysctl& op) {
  op.cmd = command;
  op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
  return hypercall_sysctl(&op);
}
inline long domain_info(u32 domain, xen_domctl_getdomaininfo& info) {
  xen_domctl op{};
  long r = domctl(XEN_DOMCTL_getdomaininfo, domain, op);
  info = op.u.getdomaininfo;
  if (!r && op.domain != domain) return -XEN_ESRCH;  // Xen answers with the next existing domain
  return r;
}
// Domains with ids from `first` on, ascending. In: room for so many; out: so many are there.
inline long domain_info_list(u32 first, xen_domctl_getdomaininfo* infos, u32& count) {
  xen_sysctl op{};
  auto& list = op.u.getdomaininfolist;
  list.first_domain = static_cast<domid_t>(first);
  list.max_domains = count;
  set_xen_guest_handle(list.buffer, infos);
  long r = sysctl(XEN_SYSCTL_getdomaininfolist, op);
  count = list.num_domains;
  return r;
}
inline long physical_info(xen_sysctl_physinfo& info) {
  xen_sysctl op{};
  long r = sysctl(XEN_SYSCTL_physinfo, op);
  info = op.u.physinfo;
  return r;
}
