#include "guests/kernel/store_client.h"

#include "guests/kernel/balloon.h"
#include "guests/kernel/memory_model.h"
#include "guests/kernel/thread.h"
#include "guests/lib/boot.h"
#include "guests/lib/console.h"
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
u32 next_request = 1;
Message incoming;
bool target_changed, shutdown_asked;  // watches that fired while an answer was awaited
u64 actual_to_report;

void on_event(EventPort, void*) { wake_all(ring_moved); }

void send(const void* bytes, u32 length) {
  auto stream = store_requests(page);
  for (const char* at = static_cast<const char*>(bytes); length;) {
    u32 n = stream.write(at, length);
    at += n, length -= n;
    if (n) event_send(port);
    if (length) wait_on(ring_moved);
  }
}

// False when `deadline_ns` passed with no byte of the next message there.
bool receive(void* to, u32 length, u64 deadline_ns) {
  auto stream = store_responses(page);
  for (char* at = static_cast<char*>(to); length;) {
    if (stream.broken()) panic("xenstore ring is corrupt");
    u32 n = stream.read(at, length);
    at += n, length -= n;
    if (n) event_send(port);
    if (n) deadline_ns = no_deadline;
    if (length && !wait_on(ring_moved, deadline_ns)) return false;
  }
  return true;
}

bool next_message(u64 deadline_ns) {
  if (!receive(&incoming.header, sizeof incoming.header, deadline_ns)) return false;
  if (incoming.header.len > XENSTORE_PAYLOAD_MAX) panic("xenstore message of %u bytes", incoming.header.len);
  receive(incoming.payload, incoming.header.len, no_deadline);
  incoming.payload[incoming.header.len] = 0;
  if (incoming.header.type != XS_WATCH_EVENT) return true;
  if (strstr(incoming.payload, "memory/target")) target_changed = true;
  if (strstr(incoming.payload, "control/shutdown")) shutdown_asked = true;
  return true;
}

// Sends "path\0[value]" and waits for the answer with the same request id. False: the store answered
// XS_ERROR.
bool request(u32 type, const char* path, const char* value, u32 value_length) {
  xsd_sockmsg header{type, next_request++, 0, static_cast<u32>(strlen(path) + 1) + value_length};
  send(&header, sizeof header);
  send(path, static_cast<u32>(strlen(path) + 1));
  send(value, value_length);
  do next_message(no_deadline);
  while (incoming.header.type == XS_WATCH_EVENT || incoming.header.req_id != header.req_id);
  return incoming.header.type != XS_ERROR;
}

bool store_read(const char* path) { return request(XS_READ, path, nullptr, 0); }
bool store_write(const char* path, const char* value) {
  return request(XS_WRITE, path, value, static_cast<u32>(strlen(value)));
}
void store_watch(const char* path) { request(XS_WATCH, path, path, static_cast<u32>(strlen(path) + 1)); }

void obey_target() {
  u64 kib;
  if (store_read("memory/target") && parse_number(incoming.payload, kib)) {
    if (kib != balloon_target_kib()) print_line("balloon: target %lu KiB", kib);
    balloon_set_target(kib);
  }
}

void obey_shutdown() {
  if (!store_read("control/shutdown") || !incoming.payload[0]) return;
  char reason[16];
  copy_string(reason, sizeof reason, incoming.payload);
  store_write("control/shutdown", "");  // tells the toolstack that the request was seen
  print_line("shutdown: %s", reason);
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
  store_watch("memory/target");
  store_watch("control/shutdown");
  for (;;) {
    if (shutdown_asked)
      shutdown_asked = false, obey_shutdown();
    else if (target_changed)
      target_changed = false, obey_target();
    else if (actual_to_report)
      report_actual();
    else if (store_responses(page).readable())
      next_message(no_deadline);
    else
      wait_on(ring_moved);
  }
}
}  // namespace

void store_client_start() {
  page = static_cast<xenstore_domain_interface*>(frame_va(model_guest_frame(boot_info->store_mfn)));
  port = boot_info->store_evtchn;
  event_set_handler(port, on_event, nullptr);
  balloon_start(on_balloon);
  if (!thread_create("xenstore", client_thread, nullptr)) panic("no memory for the xenstore thread");
}
