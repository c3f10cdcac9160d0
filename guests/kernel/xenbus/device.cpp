#include "guests/kernel/xenbus/device.h"

#include "guests/kernel/frames.h"
#include "guests/kernel/heap.h"
#include "guests/kernel/memory_model.h"
#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/panic.h"
#include "guests/lib/string.h"

namespace {
constexpr unsigned most_devices = 16;
constexpr size_t names_max = 512;

// A directory that is being served.
struct Search;
struct Served {
  Search* search;
  const BusType* type;
  char path[64];
  bool busy;
};
Served served[most_devices];

BusDevice* open_devices;
unsigned lives;  // of this kernel, in how many domains

Served* find_served(const BusType* type, const char* path) {
  for (Served& s : served)
    if (s.busy && s.type == type && !strcmp(s.path, path)) return &s;
  return nullptr;
}

struct Search {
  const BusType* type;
  WaitQueue wake;
  StoreWatcher watcher;
};

// In another domain a device of that name has come while this one was served.
void serve_thread(void* argument) {
  auto& s = *static_cast<Served*>(argument);
  const unsigned life = lives;
  s.type->serve(s.path);
  s.busy = false;
  if (life != lives) store_tell(s.search->watcher);
}

void start_serving(Search& search, const char* path) {
  if (find_served(search.type, path)) return;
  for (Served& s : served) {
    if (s.busy) continue;
    s = {&search, search.type, {}, true};
    copy_string(s.path, sizeof s.path, path);
    if (!thread_create(path, serve_thread, &s)) s.busy = false;
    return;
  }
}

void look(Search& search, const char* directory, unsigned levels) {
  char names[names_max], path[store_text_max];
  const long length = store_list(directory, names, sizeof names);
  for (long at = 0; at < length; at += static_cast<long>(strlen(names + at)) + 1) {
    format(path, sizeof path, "%s/%s", directory, names + at);
    u64 state;
    if (levels > 1)
      look(search, path, levels - 1);
    else if (!store_read_number(path, "state", state) && state == XenbusStateInitialising)
      start_serving(search, path);
  }
}

void on_event(EventPort, void* device) { bus_wake(*static_cast<BusDevice*>(device)); }

long use_port(BusDevice& d, s64 port) {
  if (port < 0) return port;
  d.port = static_cast<EventPort>(port);
  event_set_handler(d.port, on_event, &d);
  return 0;
}

void search_thread(void* argument) {
  auto& s = *static_cast<Search*>(argument);
  store_watch(s.watcher);
  for (;;) {
    while (!s.watcher.fired) wait_on(s.wake);
    s.watcher.fired = false;
    look(s, s.type->directory, s.type->levels);
  }
}
}  // namespace

long bus_open(BusDevice& d, const char* own, const char* other_end) {
  char key[32];
  u64 domain;
  copy_string(d.own, sizeof d.own, own);
  format(key, sizeof key, "%s-id", other_end);
  if (long error = store_read_number(own, key, domain)) return error;
  if (long error = store_read_text(own, other_end, d.other, sizeof d.other)) return error;
  d.other_domain = static_cast<u32>(domain);
  format(d.other_state, sizeof d.other_state, "%s/state", d.other);
  d.watcher = {d.other_state, &d.wake};
  store_watch(d.watcher);
  d.orphaned = false;
  d.next = open_devices;
  open_devices = &d;
  return 0;
}

void bus_close(BusDevice& d) {
  store_unwatch(d.watcher);
  for (BusDevice** p = &open_devices; *p; p = &(*p)->next)
    if (*p == &d) {
      *p = d.next;
      return;
    }
}

void bus_devices_resumed() {
  lives++;
  for (BusDevice* d = open_devices; d; d = d->next) {
    d->port = 0;
    d->orphaned = true;
    d->other[0] = 0;  // the new one's may have the same path
    store_tell(d->watcher);
  }
}

namespace {
// The toolstack has named another one than `before`.
bool open_other(BusDevice& d, const char* own, const char* other_end, const char* before) {
  if (bus_open(d, own, other_end)) return false;
  if (strcmp(d.other, before) != 0) return true;
  bus_close(d);
  return false;
}
}  // namespace

void bus_reopen(BusDevice& d, const char* other_end) {
  char before[sizeof d.other];
  copy_string(before, sizeof before, d.other);
  char own[sizeof d.own], own_state[sizeof d.other_state];
  copy_string(own, sizeof own, d.own);
  format(own_state, sizeof own_state, "%s/state", own);
  bus_close_port(d);  // before anything is waited for: in another domain the number is another channel's
  bus_close(d);
  StoreWatcher made{own_state, &d.wake};
  store_watch(made);
  u64 state;
  do {
    while (!made.fired) wait_on(d.wake);
    made.fired = false;
  } while (store_read_number(own, "state", state) || state != XenbusStateInitialising ||
           !open_other(d, own, other_end, before));
  store_unwatch(made);
}

void bus_set_state(BusDevice& d, XenbusState state) { store_write_number(d.own, "state", state); }

XenbusState bus_other_state(const BusDevice& d) {
  u64 state;
  if (store_read_number(d.other, "state", state)) return XenbusStateUnknown;
  return state <= XenbusStateReconfigured ? static_cast<XenbusState>(state) : XenbusStateClosed;
}

XenbusState bus_wait_for(BusDevice& d, u32 states) {
  for (;;) {
    d.watcher.fired = false;
    const XenbusState state = bus_other_state(d);
    if (states >> state & 1) return state;
    if (!d.watcher.fired) wait_on(d.wake);
  }
}

void bus_wake(BusDevice& d) {
  d.moved = true;
  wake_all(d.wake);
}

bool bus_other_left(BusDevice& d, u32 states) {
  if (!d.watcher.fired) return false;
  d.watcher.fired = false;
  return !(states >> bus_other_state(d) & 1);
}

void bus_wait(BusDevice& d) {
  if (!d.moved && !d.watcher.fired) wait_on(d.wake);
}

long bus_offer_port(BusDevice& d) { return use_port(d, event_alloc_unbound(DOMID_SELF, d.other_domain)); }

long bus_bind_port(BusDevice& d) {
  u64 remote;
  if (long error = store_read_number(d.other, "event-channel", remote)) return error;
  return use_port(d, event_bind_interdomain(d.other_domain, static_cast<EventPort>(remote)));
}

void bus_close_port(BusDevice& d) {
  if (d.port) event_close(d.port);
  d.port = 0;
}

long bus_map_ring(BusDevice& d, const char* key, GrantedPages& page) {
  u64 number;
  if (long error = store_read_number(d.other, key, number)) return error;
  const auto ref = static_cast<grant_ref_t>(number);
  return granted_map(d.other_domain, &ref, 1, true, page);
}

void bus_set_closed(BusDevice& d, const char* other_end) {
  char now[sizeof d.other] = "";
  store_read_text(d.own, other_end, now, sizeof now);
  if (!strcmp(now, d.other)) bus_set_state(d, XenbusStateClosed);
}

void bus_leave(BusDevice& d) {
  bus_set_state(d, XenbusStateClosed);
  bus_wait_for(d, bus_states(XenbusStateUnknown));
  bus_close(d);
  store_remove_path(d.own);
}

bool bus_own_domain(u32& domain) {
  char text[16] = "";
  u64 number;
  if (store_read("domid", text, sizeof text) || !parse_number(text, number)) return false;
  domain = static_cast<u32>(number);
  return true;
}

void bus_watch_for(const BusType& type) {
  auto* s = heap_new<Search>();
  if (!s) panic("no memory for devices");
  s->type = &type;
  s->watcher.path = type.directory;
  s->watcher.wake = &s->wake;
  if (!thread_create(type.directory, search_thread, s)) panic("no memory for the %s thread", type.directory);
}

SharedPage share_page(u32 domain) {
  const Pfn frame = frames_alloc();
  if (frame == invalid_frame) return {nullptr, no_grant};
  void* va = frame_va(frame);
  memset(va, 0, page_bytes);
  const grant_ref_t ref = grant_access(static_cast<domid_t>(domain), model_machine(frame), false);
  if (ref != no_grant) return {va, ref};
  frames_free(frame);
  return {nullptr, no_grant};
}

bool unshare_page(SharedPage& page) {
  if (!page.va) return true;
  if (!grant_end_access(page.ref)) return false;
  frames_free(va_frame(page.va));
  page = {nullptr, no_grant};
  return true;
}
