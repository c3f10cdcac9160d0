#include "guests/kernel/dom0/store_local.h"

#include "guests/kernel/dom0/store_server.h"
#include "guests/kernel/dom0/store_tree.h"
#include "guests/kernel/xenbus/store.h"
#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/string.h"

namespace {
StoreWatchers watchers;

struct Absolute {
  char text[store_path_max];
  explicit Absolute(const char* path) {
    if (path[0] == '/')
      copy_string(text, sizeof text, path);
    else
      format(text, sizeof text, "/local/domain/0/%s", path);
  }
};

long read(const char* path, char* value, size_t size) {
  const StoreNode* node = store_find(Absolute(path).text);
  if (!node) return -XEN_ENOENT;
  const size_t length = min_of<size_t>(node->value_length, size - 1);
  memcpy(value, node->value, length);
  value[length] = 0;
  return 0;
}

long write(const char* path, const char* value, u32) { return store_write_text(Absolute(path).text, value); }

long remove(const char* path) { return store_remove_tree(Absolute(path).text); }

long list(const char* path, char* names, size_t size) {
  const StoreNode* node = store_find(Absolute(path).text);
  if (!node) return -XEN_ENOENT;
  size_t at = 0;
  for (const StoreNode* c = node->first_child; c; c = c->next_sibling) {
    const size_t n = strlen(c->name) + 1;
    if (at + n > size) return -XEN_E2BIG;
    memcpy(names + at, c->name, n);
    at += n;
  }
  return static_cast<long>(at);
}

void watch(StoreWatcher& w) {
  watchers.add(w);
  store_tell(w);
}

void unwatch(StoreWatcher& w) { watchers.remove(w); }

// Nobody comes in between: this kernel's threads give way only where they wait, and a write does not.
long begin(u32& transaction) {
  transaction = 0;
  return 0;
}
long end(u32, bool) { return 0; }

constexpr StoreService service = {read, write, remove, list, watch, unwatch, begin, end};

void changed(const char* path) {
  for (StoreWatcher* w = watchers.first; w; w = w->next) {
    const Absolute watched(w->path);
    // Either may be below the other: what was removed may have been above.
    if (store_below(path, watched.text) || store_below(watched.text, path)) store_tell(*w);
  }
}
}  // namespace

void store_local_use() {
  store_service = &service;
  store_changed = changed;
}
