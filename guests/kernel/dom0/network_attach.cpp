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
}

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
  u64 station = domain->id;
  if (const char* text = c.value("host");
      text && (!parse_number(text, station) || !station || station > 0xffff))
    return status.fail(-XEN_EINVAL, "host=%s is no number from 1 to 65535", text);
  format(host, sizeof host, "%lu", station);
  const DeviceKey front[] = {{"receive", receive}, {"host", host}, {}},
                  back[] = {{"host", host}, {batch ? "batch" : nullptr, batch}, {}};
  if (long error = device_add(device_ends("vif", domain->id, static_cast<u32>(backend), number), front, back))
    status.fail(error, "the device cannot be stored");
}
