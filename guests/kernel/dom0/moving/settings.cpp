#include <stdarg.h>

#include "guests/kernel/dom0/moving/moving.h"
#include "guests/kernel/dom0/store_tree.h"
#include "guests/kernel/xenbus/store.h"
#include "guests/lib/format.h"
#include "guests/lib/string.h"

namespace {
// "" when there is none.
const char* text_at(const char* directory, const char* key, char (&text)[store_text_max]) {
  char path[store_path_max];
  format(path, sizeof path, "%s/%s", directory, key);
  const StoreNode* const node = store_find(path);
  const u32 length = node ? min_of(node->value_length, store_text_max - 1) : 0;
  if (length) memcpy(text, node->value, length);
  text[length] = 0;
  return text;
}

struct Device {
  char front[store_path_max], back[store_text_max];
};

void add_interface(const Device& d, Settings& settings) {
  char receive[store_text_max], batch[store_text_max], host[store_text_max];
  text_at(d.front, "receive", receive);
  text_at(d.front, "host", host);
  if (*text_at(d.back, "batch", batch))
    settings.add("vif", "receive=%s host=%s batch=%s", receive, host, batch);
  else
    settings.add("vif", "receive=%s host=%s", receive, host);
}

void add_disk(const Device& d, Settings& settings) {
  char target[store_text_max], dev[store_text_max], mode[store_text_max];
  settings.add("disk", "%s %s %s", text_at(d.back, "params", target), text_at(d.back, "dev", dev),
               text_at(d.back, "mode", mode));
}

void add_devices(u32 id, const char* kind, void (*add)(const Device&, Settings&), Settings& settings) {
  char directory[64];
  format(directory, sizeof directory, "/local/domain/%u/device/%s", id, kind);
  const StoreNode* const all = store_find(directory);
  for (const StoreNode* n = all ? all->first_child : nullptr; n; n = n->next_sibling) {
    Device d;
    format(d.front, sizeof d.front, "%s/%s", directory, n->name);
    text_at(d.front, "backend", d.back);
    add(d, settings);
  }
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

void settings_of(const Domain& d, Settings& settings) {
  settings.add("name", "%s", d.name);
  settings.add("memory", "%lu", d.pages);
  add_devices(d.id, "vif", add_interface, settings);
  add_devices(d.id, "vbd", add_disk, settings);
}
