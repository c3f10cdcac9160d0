#include "guests/kernel/dom0/store_connection.h"
#include "guests/kernel/heap.h"
#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/string.h"

namespace {
constexpr u32 watches_max = 64;

void fire(Domain& d, const StoreWatch& w, const char* path) {
  char shown[2 * store_path_max];
  size_t n = format(shown, sizeof shown, "%s%s", w.shown, path + strlen(w.path));
  xsd_sockmsg header{XS_WATCH_EVENT, 0, 0, static_cast<u32>(n + 1 + strlen(w.token) + 1)};
  // A domain that does not read its ring loses events, and only its own.
  store_queue(d, header, shown, static_cast<u32>(n + 1), w.token, static_cast<u32>(strlen(w.token) + 1));
}

// Before the node goes, because its permissions go with it. Who watches a name below it is told that name.
void tell_of_removal(Domain& d, const StoreWatch& w, const char* path) {
  const char* gone = store_below(path, w.path) ? path : store_below(w.path, path) ? w.path : nullptr;
  if (gone && store_may(d, gone, StorePerms::read)) fire(d, w, gone);
}
}  // namespace

void store_serve_watch(Domain& d, const char* path, const char* shown, const char* token) {
  StoreConnection& c = *d.connection;
  for (StoreWatch* w = c.watches; w; w = w->next)
    if (!strcmp(w->path, path) && !strcmp(w->token, token)) return store_answer_error(d, XEN_EEXIST);
  auto* w = c.watch_count < watches_max ? heap_new<StoreWatch>() : nullptr;
  if (!w) return store_answer_error(d, c.watch_count < watches_max ? XEN_ENOMEM : XEN_ENOSPC);
  bool fits = copy_string(w->path, sizeof w->path, path) && copy_string(w->shown, sizeof w->shown, shown) &&
              copy_string(w->token, sizeof w->token, token);
  if (!fits) {
    heap_free(w);
    return store_answer_error(d, XEN_EINVAL);
  }
  w->next = c.watches;
  c.watches = w;
  c.watch_count++;
  store_answer_ok(d);
  fire(d, *w, path);  // a new watch fires once at once
}

void store_serve_unwatch(Domain& d, const char* path, const char* token) {
  StoreConnection& c = *d.connection;
  for (StoreWatch** p = &c.watches; *p; p = &(*p)->next)
    if (!strcmp((*p)->path, path) && !strcmp((*p)->token, token)) {
      StoreWatch* w = *p;
      *p = w->next;
      heap_free(w);
      c.watch_count--;
      return store_answer_ok(d);
    }
  store_answer_error(d, XEN_ENOENT);
}

void store_drop_watches(StoreConnection& c) {
  while (StoreWatch* w = c.watches) {
    c.watches = w->next;
    heap_free(w);
  }
}

bool store_below(const char* path, const char* watched) {
  size_t n = strlen(watched);
  return !strncmp(path, watched, n) && (!path[n] || path[n] == '/' || watched[n - 1] == '/');
}

void store_tell_removal(const char* path) {
  for (Domain* d = domains_first(); d; d = d->next) {
    if (!d->connection) continue;
    for (StoreWatch* w = d->connection->watches; w; w = w->next) tell_of_removal(*d, *w, path);
    store_flush(*d);
  }
}

long store_remove_tree(const char* path) {
  if (!store_find(path)) return -XEN_ENOENT;
  store_tell_removal(path);
  const long error = store_remove(path);
  if (!error && store_changed) store_changed(path);
  return error;
}

void store_fire_watches(const char* path) {
  if (store_changed) store_changed(path);
  for (Domain* d = domains_first(); d; d = d->next) {
    if (!d->connection) continue;
    for (StoreWatch* w = d->connection->watches; w; w = w->next)
      if (store_below(path, w->path) && store_may(*d, path, StorePerms::read)) fire(*d, *w, path);
    store_flush(*d);
  }
}
