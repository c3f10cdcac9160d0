#include "guests/kernel/dom0/store_server.h"

#include "guests/kernel/dom0/store_connection.h"
#include "guests/kernel/heap.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/string.h"

void store_flush(Domain& d) {
  StoreOutput& o = d.connection->output;
  auto stream = store_responses(d.store_page);
  u32 n = stream.write(o.bytes + o.first, o.length);
  o.first += n, o.length -= n;
  if (!o.length) o.first = 0;
  if (n) event_send(d.store_port);
}

bool store_queue(Domain& d, const xsd_sockmsg& header, const void* a, u32 a_length, const void* b,
                 u32 b_length) {
  StoreOutput& o = d.connection->output;
  u32 total = static_cast<u32>(sizeof header) + a_length + b_length;
  if (o.first) {
    memmove(o.bytes, o.bytes + o.first, o.length);
    o.first = 0;
  }
  if (o.length + total > StoreOutput::size) return false;
  memcpy(o.bytes + o.length, &header, sizeof header);
  memcpy(o.bytes + o.length + sizeof header, a, a_length);
  memcpy(o.bytes + o.length + sizeof header + a_length, b, b_length);
  o.length += total;
  return true;
}

void store_answer(Domain& d, u32 type, const void* data, u32 length) {
  const xsd_sockmsg& q = d.connection->message.header;
  xsd_sockmsg header{type, q.req_id, q.tx_id, length};
  store_queue(d, header, data, length);
}

void store_answer_error(Domain& d, long error) {
  const char* name = errno_name(error);
  store_answer(d, XS_ERROR, name, static_cast<u32>(strlen(name) + 1));
}

void store_answer_ok(Domain& d) { store_answer(d, d.connection->message.header.type, "OK", 3); }

namespace {
// The client's path made absolute; false when it is too long.
bool resolve(const Domain& d, const char* path, char* absolute) {
  size_t n = path[0] == '/' ? format(absolute, store_path_max, "%s", path)
                            : format(absolute, store_path_max, "/local/domain/%u/%s", d.id, path);
  return n < store_path_max && store_path_is_valid(absolute);
}

void serve_domain_path(Domain& d, const char* number) {
  u64 id;
  if (!parse_number(number, id)) return store_answer_error(d, XEN_EINVAL);
  char path[40];
  size_t n = format(path, sizeof path, "/local/domain/%lu", id);
  store_answer(d, XS_GET_DOMAIN_PATH, path, static_cast<u32>(n + 1));
}

void serve_start(Domain& d) {
  u32 id;
  if (long error = store_transaction_start(d.connection->transactions, id))
    return store_answer_error(d, error);
  char text[16];
  const size_t n = format(text, sizeof text, "%u", id);
  store_answer(d, XS_TRANSACTION_START, text, static_cast<u32>(n + 1));
}

void serve_end(Domain& d, const char* how) {
  const bool commits = !strcmp(how, "T");
  if (!commits && strcmp(how, "F")) return store_answer_error(d, XEN_EINVAL);
  StoreConnection& c = *d.connection;
  const long error = store_transaction_end(c.transactions, c.message.header.tx_id, commits, d);
  error ? store_answer_error(d, error) : store_answer_ok(d);
}

// Watches are no part of a transaction.
void serve_path(Domain& d, const char* shown, const char* path, const char* rest, u32 rest_length) {
  const xsd_sockmsg& header = d.connection->message.header;
  if (header.type == XS_WATCH) return store_serve_watch(d, path, shown, rest);
  if (header.type == XS_UNWATCH) return store_serve_unwatch(d, path, rest);
  StoreTransaction* const tx = store_transaction_find(d.connection->transactions, header.tx_id);
  if (header.tx_id && !tx) return store_answer_error(d, XEN_ENOENT);
  const StoreView view(tx);
  store_serve_node(d, tx, path, rest, rest_length);
}

// Payload: path '\0' rest. The second string is the rest, terminated by the extra byte behind the payload.
void serve_message(Domain& d) {
  StoreConnection& c = *d.connection;
  u32 length = c.message.header.len;
  char* payload = c.message.payload;
  payload[length] = 0;
  size_t first = strlen(payload);
  if (first == length) return store_answer_error(d, XEN_EINVAL);  // the path must end inside the payload
  if (c.message.header.type == XS_GET_DOMAIN_PATH) return serve_domain_path(d, payload);
  if (c.message.header.type == XS_TRANSACTION_START) return serve_start(d);
  if (c.message.header.type == XS_TRANSACTION_END) return serve_end(d, payload);
  char path[store_path_max];
  if (!resolve(d, payload, path)) return store_answer_error(d, XEN_EINVAL);
  serve_path(d, payload, path, payload + first + 1, length - static_cast<u32>(first + 1));
}

// True when a whole message is there.
bool collect_message(Domain& d) {
  StoreConnection& c = *d.connection;
  auto stream = store_requests(d.store_page);
  u32 wanted = sizeof c.message.header;
  if (c.have >= wanted) wanted += c.message.header.len;
  auto* at = reinterpret_cast<char*>(&c.message) + c.have;
  u32 n = stream.read(at, wanted - c.have);
  if (n) event_send(d.store_port);  // room for the writer
  c.have += n;
  if (c.have < sizeof c.message.header) return false;
  if (c.message.header.len > XENSTORE_PAYLOAD_MAX || stream.broken()) {
    c.broken = true;
    print_line("xenstored: domain %u broke the protocol, its connection is closed", d.id);
    return false;
  }
  if (c.have < sizeof c.message.header + c.message.header.len) return n && collect_message(d);
  c.have = 0;
  return true;
}

bool room_for_answer(const StoreConnection& c) {
  return StoreOutput::size - c.output.length >= 2 * XENSTORE_PAYLOAD_MAX;
}
}  // namespace

long store_connect(Domain& d) {
  d.connection = heap_new<StoreConnection>();
  return d.connection ? 0 : -XEN_ENOMEM;
}

void store_disconnect(Domain& d) {
  if (!d.connection) return;
  store_drop_watches(*d.connection);
  store_transactions_drop(d.connection->transactions);
  heap_free(d.connection);
  d.connection = nullptr;
}

// A domain on another CPU can fill its ring as fast as it is emptied, so there is an end to a turn.
bool store_serve(Domain& d) {
  constexpr u32 messages_per_turn = 8;
  if (!d.connection || d.connection->broken) return false;
  store_flush(d);
  for (u32 n = 0; n < messages_per_turn; n++) {
    // A domain that asks without reading the answers is not served until it reads.
    if (!room_for_answer(*d.connection) || !collect_message(d)) return false;
    serve_message(d);
    store_flush(d);
  }
  return true;
}

void (*store_changed)(const char* path);

long store_write_text(const char* path, const char* text) {
  long error = store_set(path, text, static_cast<u32>(strlen(text)));
  if (!error) store_fire_watches(path);
  return error;
}
