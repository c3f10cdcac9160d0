#include "guests/kernel/store_client.h"

#include "guests/kernel/balloon.h"
#include "guests/kernel/memory_model.h"
#include "guests/kernel/suspend.h"
#include "guests/kernel/thread.h"
#include "guests/kernel/xenbus/store.h"
#include "guests/lib/boot.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/events.h"
#include "guests/lib/format.h"
#include "guests/lib/hypercall.h"
#include "guests/lib/panic.h"
#include "guests/lib/store_ring.h"
#include "guests/lib/string.h"

namespace {
struct Message {
  xsd_sockmsg header;
  char payload[XENSTORE_PAYLOAD_MAX + 1];
};

xenstore_domain_interface* page;
EventPort port;
WaitQueue ring_moved;
WaitQueue ring_free;
bool ring_taken;  // one thread at a time talks to the store; whatever it meets it sorts
u32 next_request = 1;
Message incoming;
StoreWatchers watchers;
u64 actual_to_report;

void on_event(EventPort, void*) { wake_all(ring_moved); }

struct RingGuard {
  RingGuard() {
    while (ring_taken) wait_on(ring_free);
    ring_taken = true;
  }
  ~RingGuard() {
    ring_taken = false;
    wake_all(ring_free);
    // An event that came meanwhile has woken nobody who may take it.
    if (store_responses(page).readable()) wake_all(ring_moved);
  }
};

void send(const void* bytes, u32 length) {
  auto stream = store_requests(page);
  for (const char* at = static_cast<const char*>(bytes); length;) {
    u32 n = stream.write(at, length);
    at += n, length -= n;
    if (n) event_send(port);
    if (length) wait_on(ring_moved);
  }
}

void receive(void* to, u32 length) {
  auto stream = store_responses(page);
  for (char* at = static_cast<char*>(to); length;) {
    if (stream.broken()) panic("xenstore ring is corrupt");
    u32 n = stream.read(at, length);
    at += n, length -= n;
    if (n) event_send(port);
    if (length) wait_on(ring_moved);
  }
}

// Payload: path, token; the token is the watcher's own path.
void tell_watchers() {
  const char* token = incoming.payload + strlen(incoming.payload) + 1;
  if (token >= incoming.payload + incoming.header.len) return;
  for (StoreWatcher* w = watchers.first; w; w = w->next)
    if (!strcmp(w->path, token)) store_tell(*w);
}

void next_message() {
  receive(&incoming.header, sizeof incoming.header);
  if (incoming.header.len > XENSTORE_PAYLOAD_MAX) panic("xenstore message of %u bytes", incoming.header.len);
  receive(incoming.payload, incoming.header.len);
  incoming.payload[incoming.header.len] = 0;
  if (incoming.header.type == XS_WATCH_EVENT) tell_watchers();
}

// Sends "path\0[rest]" and waits for the answer with the same request id, which is then in `incoming`.
long request(u32 type, const char* path, const char* rest, u32 rest_length, u32 transaction = 0) {
  xsd_sockmsg header{type, next_request++, transaction, static_cast<u32>(strlen(path) + 1) + rest_length};
  send(&header, sizeof header);
  send(path, static_cast<u32>(strlen(path) + 1));
  send(rest, rest_length);
  do next_message();
  while (incoming.header.type == XS_WATCH_EVENT || incoming.header.req_id != header.req_id);
  if (incoming.header.type != XS_ERROR) return 0;
  if (!strcmp(incoming.payload, "EAGAIN")) return -XEN_EAGAIN;
  return !strcmp(incoming.payload, "ENOENT") ? -XEN_ENOENT : -XEN_EIO;
}

long read(const char* path, char* value, size_t size) {
  RingGuard guard;
  if (long error = request(XS_READ, path, nullptr, 0)) return error;
  copy_string(value, size, incoming.payload);
  return 0;
}

long write(const char* path, const char* value, u32 transaction) {
  RingGuard guard;
  return request(XS_WRITE, path, value, static_cast<u32>(strlen(value)), transaction);
}

long begin(u32& transaction) {
  RingGuard guard;
  if (long error = request(XS_TRANSACTION_START, "", nullptr, 0)) return error;
  u64 id;
  if (!parse_number(incoming.payload, id) || !id || id > ~0u) return -XEN_EIO;
  transaction = static_cast<u32>(id);
  return 0;
}

long end(u32 transaction, bool commit) {
  RingGuard guard;
  return request(XS_TRANSACTION_END, commit ? "T" : "F", nullptr, 0, transaction);
}

long remove(const char* path) {
  RingGuard guard;
  return request(XS_RM, path, nullptr, 0);
}

long list(const char* path, char* names, size_t size) {
  RingGuard guard;
  if (long error = request(XS_DIRECTORY, path, nullptr, 0)) return error;
  if (incoming.header.len > size) return -XEN_E2BIG;
  memcpy(names, incoming.payload, incoming.header.len);
  return incoming.header.len;
}

// The store fires a new watch at once.
void watch(StoreWatcher& w) {
  RingGuard guard;
  watchers.add(w);
  request(XS_WATCH, w.path, w.path, static_cast<u32>(strlen(w.path) + 1));
}

void unwatch(StoreWatcher& w) {
  RingGuard guard;
  watchers.remove(w);
  request(XS_UNWATCH, w.path, w.path, static_cast<u32>(strlen(w.path) + 1));
}

constexpr StoreService service = {read, write, remove, list, watch, unwatch, begin, end};

// --- what the toolstack asks of this domain ----------------------------------------------------------
StoreWatcher target{"memory/target", &ring_moved}, shutdown_request{"control/shutdown", &ring_moved};

void obey_target() {
  char text[24];
  u64 kib;
  if (store_read("memory/target", text, sizeof text) || !parse_number(text, kib)) return;
  if (kib != balloon_target_kib()) print_line("balloon: target %lu KiB", kib);
  balloon_set_target(kib);
}

// The ring's page is the toolstack's to begin anew, and what it has been asked to watch is forgotten.
void use_ring() {
  page = static_cast<xenstore_domain_interface*>(frame_va(model_guest_frame(boot_info->store_mfn)));
  port = boot_info->store_evtchn;
  event_set_handler(port, on_event, nullptr);
}

void watch_again() {
  for (StoreWatcher* w = watchers.first; w; w = w->next)
    request(XS_WATCH, w->path, w->path, static_cast<u32>(strlen(w->path) + 1));
}

// No request of this domain's is half answered, and no transaction open.
void obey_suspend() {
  const TransactionTurn turn;
  RingGuard guard;
  if (!suspend()) return;
  use_ring();
  watch_again();
}

void obey_shutdown() {
  char reason[16];
  if (store_read("control/shutdown", reason, sizeof reason) || !reason[0]) return;
  store_write("control/shutdown", "");  // tells the toolstack that the request was seen
  print_line("shutdown: %s", reason);
  if (!strcmp(reason, "suspend")) return obey_suspend();
  if (!strcmp(reason, "crash")) panic("asked to crash");
  shutdown(!strcmp(reason, "reboot") ? SHUTDOWN_reboot : SHUTDOWN_poweroff);
}

void report_actual() {
  char text[24];
  format(text, sizeof text, "%lu", actual_to_report);
  actual_to_report = 0;
  store_write("memory/actual", text);
}

void on_balloon(u64 actual_kib, u64) {
  actual_to_report = actual_kib;
  wake_all(ring_moved);
}

void client_thread(void*) {
  store_watch(target);
  store_watch(shutdown_request);
  for (;;) {
    if (shutdown_request.fired)
      shutdown_request.fired = false, obey_shutdown();
    else if (target.fired)
      target.fired = false, obey_target();
    else if (actual_to_report)
      report_actual();
    else if (!ring_taken && store_responses(page).readable()) {
      RingGuard guard;
      next_message();
    } else
      wait_on(ring_moved);
  }
}
}  // namespace

void store_client_start() {
  use_ring();
  store_service = &service;
  balloon_start(on_balloon);
  if (!thread_create("xenstore", client_thread, nullptr)) panic("no memory for the xenstore thread");
}
