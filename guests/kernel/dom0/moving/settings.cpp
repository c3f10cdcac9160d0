#include "guests/kernel/dom0/moving/settings.h"

#include <stdarg.h>

#include "guests/kernel/dom0/block_attach.h"
#include "guests/kernel/dom0/network_attach.h"
#include "guests/kernel/dom0/store_tree.h"
#include "guests/kernel/xenbus/store.h"
#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/string.h"

namespace {
using Text = char[store_text_max];

// A value that is one word; false: it is none.
bool word_at(const StoreNode& directory, const char* key, Text& text) {
  text[0] = 0;
  for (const StoreNode* n = directory.first_child; n; n = n->next_sibling) {
    if (strcmp(n->name, key)) continue;
    if (n->value_length >= store_text_max) return false;
    memcpy(text, n->value, n->value_length);
    text[n->value_length] = 0;
  }
  for (const char* c = text; *c; c++)
    if (*c <= ' ' || *c > '~' || *c == '"') return false;
  return *text;
}

struct Backend {
  u32 id;
  char name[48];  // " backend=<name>", or nothing: dom0
};

bool add_interface(const StoreNode& device, const Backend& backend, Settings& settings) {
  Text receive, host, batch;
  if (!word_at(device, "receive", receive) || !word_at(device, "host", host)) return false;
  const bool has_batch = word_at(device, "batch", batch);
  settings.add("vif", "receive=%s host=%s%s%s%s", receive, host, has_batch ? " batch=" : "", batch,
               backend.name);
  return true;
}

bool add_disk(const StoreNode& device, const Backend& backend, Settings& settings) {
  Text target, dev, mode;
  if (!word_at(device, "params", target) || !word_at(device, "dev", dev) || !word_at(device, "mode", mode))
    return false;
  settings.add("disk", "%s %s %s%s", target, dev, mode, backend.name);
  return true;
}

constexpr struct {
  const char* name;
  bool (*add)(const StoreNode&, const Backend&, Settings&);
} kinds[] = {{"vif", add_interface}, {"vbd", add_disk}};

bool add_devices(const Backend& backend, u32 domain, Settings& settings) {
  for (const auto& kind : kinds) {
    char path[64];
    format(path, sizeof path, "/local/domain/%u/backend/%s/%u", backend.id, kind.name, domain);
    const StoreNode* const all = store_find(path);
    for (const StoreNode* n = all ? all->first_child : nullptr; n; n = n->next_sibling)
      if (!kind.add(*n, backend, settings)) return false;
  }
  return true;
}

bool has_blank(const char* text) {
  for (; *text; text++)
    if (*text <= ' ' || *text == '"') return true;
  return false;
}
}  // namespace

void Settings::add(const char* key, const char* fmt, ...) {
  if (full) return;
  char* const at = text + used;
  size_t length = format(at, settings_room - used, "%s=", key);
  if (length < settings_room - used) {
    va_list args;
    va_start(args, fmt);
    length += format_v(at + length, settings_room - used - length, fmt, args);
    va_end(args);
  }
  full = count == settings_count || length >= settings_room - used;
  if (full) return;
  list[count++] = at;
  used += static_cast<u32>(length) + 1;
}

bool settings_of(const Domain& d, Settings& settings) {
  char path[64];
  u64 target = d.pages * (page_bytes / KiB);
  format(path, sizeof path, "/local/domain/%u", d.id);
  store_read_number(path, "memory/target", target);
  settings.add("name", "%s", d.name);
  settings.add("target", "%lu", target);
  if (!add_devices({0, ""}, d.id, settings)) return false;
  for (u32 id = 0; (id = domains_next_id(id)) != 0;) {
    Backend backend{id, ""};
    const Domain& home = *domain_by_id(id);
    format(backend.name, sizeof backend.name, " backend=%s", home.name);
    const u32 before = settings.count;
    if (!add_devices(backend, d.id, settings) || (settings.count != before && has_blank(home.name)))
      return false;
  }
  return !settings.full;
}

// Each word stands for itself: nothing is typed.
void settings_attach(const char* domain, const char* setting, Status& status) {
  char words[store_text_max], verb[] = "attach", name[sizeof Domain::name];
  const bool is_disk = !strncmp(setting, "disk=", 5);
  if (!copy_string(words, sizeof words, strchr(setting, '=') + 1) || !copy_string(name, sizeof name, domain))
    return status.fail(-XEN_E2BIG, "%s is too long", setting);
  CommandLine c;
  c.words[c.count++] = verb;
  c.words[c.count++] = name;
  for (char* at = words; at; at = strchr(at, ' ')) {
    if (at != words) *at++ = 0;
    if (c.count == CommandLine::words_max) return status.fail(-XEN_E2BIG, "%s has too many words", setting);
    c.words[c.count++] = at;
  }
  is_disk ? do_block_attach(c, status) : do_network_attach(c, status);
}
