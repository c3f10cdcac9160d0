#include "guests/kernel/dom0/devices.h"

#include "guests/kernel/dom0/store_server.h"
#include "guests/kernel/dom0/store_tree.h"
#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/string.h"

#include <xen/io/xenbus.h>

namespace {
constexpr u64 settle_ns = 500 * ns_per_ms;
constexpr const char* kinds[] = {"vif", "vbd"};

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

// Until the backend in `home` has removed what it had for the domain.
void settle_in(u32 home, const char* kind, u32 domain, u64 deadline) {
  char directory[64];
  format(directory, sizeof directory, "/local/domain/%u/backend/%s/%u", home, kind, domain);
  for (const StoreNode* node; (node = store_find(directory)); thread_yield())
    if (!node->first_child || now_ns() > deadline) break;
  store_remove_tree(directory);
}
}  // namespace

DeviceEnds device_ends(const char* kind, u32 domain, u32 backend, unsigned number) {
  DeviceEnds e{};
  e.domain = domain;
  e.backend = backend;
  format(e.front, sizeof e.front, "/local/domain/%u/device/%s/%u", domain, kind, number);
  format(e.back, sizeof e.back, "/local/domain/%u/backend/%s/%u/%u", backend, kind, domain, number);
  return e;
}

// `state` comes last: a driver looks at directories that have one.
long device_add(const DeviceEnds& e, const DeviceKey* front, const DeviceKey* back) {
  long error = make_directory(e.back, e.backend, e.domain);
  if (!error) error = make_directory(e.front, e.domain, e.backend);
  if (!error) error = put(e.back, "frontend", e.front);
  if (!error) error = put_number(e.back, "frontend-id", e.domain);
  if (!error) error = put(e.front, "backend", e.back);
  if (!error) error = put_number(e.front, "backend-id", e.backend);
  for (; !error && back->key; back++) error = put(e.back, back->key, back->value);
  for (; !error && front->key; front++) error = put(e.front, front->key, front->value);
  if (!error) error = put_number(e.back, "state", XenbusStateInitialising);
  if (!error) error = put_number(e.front, "state", XenbusStateInitialising);
  return error;
}

void devices_settle(u32 domain) {
  const u64 deadline = now_ns() + settle_ns;
  for (const char* kind : kinds) {
    settle_in(0, kind, domain, deadline);
    for (u32 home = 0; (home = domains_next_id(home)) != 0;) settle_in(home, kind, domain, deadline);
  }
}
