#include "guests/kernel/dom0/network_attach.h"

#include "guests/kernel/dom0/devices.h"
#include "guests/kernel/dom0/store_tree.h"
#include "guests/kernel/net/receive.h"
#include "guests/kernel/xenbus/store.h"
#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/string.h"

namespace {
constexpr unsigned most_interfaces = 4;  // of a domain
constexpr u64 most_hosts = 0xffff;

// Is it another domain's on dom0's bridge?
bool host_is_taken(u32 domain, u64 host) {
  const StoreNode* const all = store_find("/local/domain/0/backend/vif");
  for (const StoreNode* d = all ? all->first_child : nullptr; d; d = d->next_sibling) {
    char path[store_path_max];
    u64 id, taken;
    if (!parse_number(d->name, id) || id == domain) continue;
    for (const StoreNode* n = d->first_child; n; n = n->next_sibling) {
      store_path_of(n, path);
      if (!store_read_number(path, "host", taken) && taken == host) return true;
    }
  }
  return false;
}

// What station and address are made of: the domain's own number, unless somebody has it that was another
// domain before.
bool choose_host(const CommandLine& c, u32 domain, char (&text)[24], Status& status) {
  u64 host = domain;
  if (const char* asked = c.value("host")) {
    if (!parse_number(asked, host) || !host || host > most_hosts)
      status.fail(-XEN_EINVAL, "host=%s is no number from 1 to %lu", asked, most_hosts);
    else if (host_is_taken(domain, host))
      status.fail(-XEN_EEXIST, "another domain is host %lu", host);
  } else {
    while (host <= most_hosts && host_is_taken(domain, host)) host += 0x100;
    if (host > most_hosts) status.fail(-XEN_ENOSPC, "there is no host number left");
  }
  format(text, sizeof text, "%lu", host);
  return !status.error;
}
}  // namespace

bool device_owner(const char* name, u64& domain) {
  const Domain* const found = domain_find(name);
  if (found) domain = found->id;
  return found;
}

bool network_host(const char* name, u64& host) {
  if (!device_owner(name, host)) return false;
  char home[48];
  format(home, sizeof home, "/local/domain/%lu/device/vif/0", host);
  u64 told;
  if (!store_read_number(home, "host", told)) host = told;
  return true;
}

void do_network_attach(const CommandLine& c, Status& status) {
  static const char* const keys[] = {"receive", "backend", "batch", "host"};
  const char* const name = c.count > 1 ? c.words[1] : "";
  if (const char* word = c.unknown_key(keys, count_of(keys), 2))
    return status.fail(-XEN_EINVAL, "unknown argument %s", word);
  const Domain* const domain = domain_find(name);
  if (!domain) return status.fail(-XEN_ESRCH, "there is no domain %s", name);
  const char* const receive = c.value("receive") ? c.value("receive") : "copy";
  if (!receive_way(receive))
    return status.fail(-XEN_EINVAL, "receive=%s is none of copy, flip, donate-copy, donate-free, exchange",
                       receive);
  u64 backend = 0;
  if (const char* text = c.value("backend"); text && strcmp(text, "dom0") && !device_owner(text, backend))
    return status.fail(-XEN_ESRCH, "there is no domain %s", text);
  if (backend == domain->id) return status.fail(-XEN_EINVAL, "a domain cannot be its own backend");
  u64 together;
  const char* const batch = c.value("batch");
  if (batch && (!parse_number(batch, together) || !together || together > net_batch))
    return status.fail(-XEN_EINVAL, "batch=%s is no number from 1 to %u", batch, net_batch);
  unsigned number = 0;
  while (number < most_interfaces && store_find(device_ends("vif", domain->id, 0, number).front)) number++;
  if (number == most_interfaces) return status.fail(-XEN_ENOSPC, "domain %s has %u interfaces", name, number);
  char host[24];
  if (!choose_host(c, domain->id, host, status)) return;
  const DeviceKey front[] = {{"receive", receive}, {"host", host}, {}},
                  back[] = {{"receive", receive}, {"host", host}, {batch ? "batch" : nullptr, batch}, {}};
  if (long error = device_add(device_ends("vif", domain->id, static_cast<u32>(backend), number), front, back))
    status.fail(error, "the device cannot be stored");
}
