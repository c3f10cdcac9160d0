#include "guests/kernel/dom0/devices.h"

#include "guests/kernel/dom0/store_server.h"
#include "guests/kernel/dom0/store_tree.h"
#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/string.h"

#include <xen/io/xenbus.h>

namespace {
constexpr u64 settle_ns = 500 * ns_per_ms;
constexpr unsigned most_devices = 4;  // of a kind in a domain

struct Ends {
  char front[64], back[64];
  u32 domain, backend;
};

Ends ends_of(const char* kind, u32 domain, u32 backend, unsigned number) {
  Ends e{};
  e.domain = domain;
  e.backend = backend;
  format(e.front, sizeof e.front, "/local/domain/%u/device/%s/%u", domain, kind, number);
  format(e.back, sizeof e.back, "/local/domain/%u/backend/%s/%u/%u", backend, kind, domain, number);
  return e;
}

// An empty directory, of `owner`'s, that `reader` may look into.
long make_directory(const char* path, u32 owner, u32 reader) {
  if (long error = store_set(path, nullptr, 0)) return error;
  StorePerms perms;
  perms.owner = static_cast<u16>(owner);
  perms.named[perms.count++] = {static_cast<u16>(reader), StorePerms::read};
  store_set_perms(store_find(path), perms);
  return 0;
}

long put(const char* directory, const char* key, const char* value) {
  char path[store_path_max];
  format(path, sizeof path, "%s/%s", directory, key);
  return store_write_text(path, value);
}

long put_number(const char* directory, const char* key, u64 value) {
  char text[24];
  format(text, sizeof text, "%lu", value);
  return put(directory, key, text);
}

// `state` comes last: a driver looks at directories that have one.
long connect(const Ends& e, const char* receive) {
  long error = make_directory(e.back, e.backend, e.domain);
  if (!error) error = make_directory(e.front, e.domain, e.backend);
  if (!error) error = put(e.back, "frontend", e.front);
  if (!error) error = put_number(e.back, "frontend-id", e.domain);
  if (!error) error = put(e.front, "backend", e.back);
  if (!error) error = put_number(e.front, "backend-id", e.backend);
  if (!error) error = put(e.front, "receive", receive);
  if (!error) error = put_number(e.back, "state", XenbusStateInitialising);
  if (!error) error = put_number(e.front, "state", XenbusStateInitialising);
  return error;
}
// Until the backend in `home` has removed what it had for the domain.
void settle_in(u32 home, u32 domain, u64 deadline) {
  char directory[64];
  format(directory, sizeof directory, "/local/domain/%u/backend/vif/%u", home, domain);
  for (const StoreNode* node; (node = store_find(directory)); thread_yield())
    if (!node->first_child || now_ns() > deadline) break;
  store_remove_tree(directory);
}
}  // namespace

bool device_owner(const char* name, u64& domain) {
  const Domain* const found = domain_find(name);
  if (found) domain = found->id;
  return found;
}

void do_network_attach(const CommandLine& c, Status& status) {
  static const char* const keys[] = {"receive", "backend"};
  const char* const name = c.count > 1 ? c.words[1] : "";
  if (const char* word = c.unknown_key(keys, count_of(keys), 2))
    return status.fail(-XEN_EINVAL, "unknown argument %s", word);
  const Domain* const domain = domain_find(name);
  if (!domain) return status.fail(-XEN_ESRCH, "there is no domain %s", name);
  const char* const receive = c.value("receive") ? c.value("receive") : "copy";
  if (strcmp(receive, "copy") && strcmp(receive, "flip"))
    return status.fail(-XEN_EINVAL, "receive=%s is neither copy nor flip", receive);
  u64 backend = 0;
  if (const char* text = c.value("backend"); text && strcmp(text, "dom0") && !device_owner(text, backend))
    return status.fail(-XEN_ESRCH, "there is no domain %s", text);
  if (backend == domain->id) return status.fail(-XEN_EINVAL, "a domain cannot be its own backend");
  unsigned number = 0;
  while (number < most_devices && store_find(ends_of("vif", domain->id, 0, number).front)) number++;
  if (number == most_devices) return status.fail(-XEN_ENOSPC, "domain %s has %u interfaces", name, number);
  if (long error = connect(ends_of("vif", domain->id, static_cast<u32>(backend), number), receive))
    status.fail(error, "the device cannot be stored");
}

void devices_settle(u32 domain) {
  const u64 deadline = now_ns() + settle_ns;
  settle_in(0, domain, deadline);
  for (const Domain* d = domains_first(); d; d = d->next) settle_in(d->id, domain, deadline);
}
