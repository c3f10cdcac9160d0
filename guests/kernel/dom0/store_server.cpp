#include "guests/kernel/dom0/store_server.h"

#include "guests/kernel/dom0/store_tree.h"
#include "guests/kernel/heap.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/string.h"

struct StoreWatch {
  StoreWatch* next;
  char path[store_path_max];   // absolute
  char shown[store_path_max];  // as the domain wrote it: events use the same form
  char token[64];
};

// Bytes on their way out; a message is queued whole or not at all.
struct StoreOutput {
  static constexpr u32 size = 16384;
  char bytes[size];
  u32 first, length;
};

struct StoreConnection {
  StoreWatch* watches;
  u32 watch_count;
  u32 have;  // bytes of `message` that have arrived
  struct {
    xsd_sockmsg header;
    char payload[XENSTORE_PAYLOAD_MAX + 1];
  } message;
  StoreOutput output;
  bool broken;
};

namespace {
constexpr u32 watches_max = 64;

void flush_output(Domain& d) {
  StoreOutput& o = d.connection->output;
  auto stream = store_responses(d.store_page);
  u32 n = stream.write(o.bytes + o.first, o.length);
  o.first += n, o.length -= n;
  if (!o.length) o.first = 0;
  if (n) event_send(d.store_port);
}

bool queue_message(Domain& d, const xsd_sockmsg& header, const void* a, u32 a_length, const void* b = nullptr,
                   u32 b_length = 0) {
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

void answer(Domain& d, u32 type, const void* data, u32 length) {
  const xsd_sockmsg& q = d.connection->message.header;
  xsd_sockmsg header{type, q.req_id, q.tx_id, length};
  queue_message(d, header, data, length);
}

void answer_error(Domain& d, long error) {
  const char* name = errno_name(error);
  answer(d, XS_ERROR, name, static_cast<u32>(strlen(name) + 1));
}

void answer_ok(Domain& d) { answer(d, d.connection->message.header.type, "OK", 3); }

// The client's path made absolute; false when it is too long.
bool resolve(const Domain& d, const char* path, char* absolute) {
  size_t n = path[0] == '/' ? format(absolute, store_path_max, "%s", path)
                            : format(absolute, store_path_max, "/local/domain/%u/%s", d.id, path);
  return n < store_path_max && store_path_is_valid(absolute);
}

// What is not there is as open as what is nearest above it: which names exist is nobody else's business.
bool may(const Domain& d, const char* path, u8 what) { return store_nearest(path)->perms.allow(d.id, what); }

u8 access_for(u32 type) {
  return type == XS_WRITE || type == XS_MKDIR || type == XS_RM ? StorePerms::write : StorePerms::read;
}

void fire(Domain& d, const StoreWatch& w, const char* path) {
  char shown[2 * store_path_max];
  size_t n = format(shown, sizeof shown, "%s%s", w.shown, path + strlen(w.path));
  xsd_sockmsg header{XS_WATCH_EVENT, 0, 0, static_cast<u32>(n + 1 + strlen(w.token) + 1)};
  // A domain that does not read its ring loses events, and only its own.
  queue_message(d, header, shown, static_cast<u32>(n + 1), w.token, static_cast<u32>(strlen(w.token) + 1));
}

// Before the node goes, because its permissions go with it. Who watches a name below it is told that name.
void tell_of_removal(Domain& d, const StoreWatch& w, const char* path) {
  const char* gone = store_below(path, w.path) ? path : store_below(w.path, path) ? w.path : nullptr;
  if (gone && may(d, gone, StorePerms::read)) fire(d, w, gone);
}

void serve_read(Domain& d, const char* path) {
  StoreNode* node = store_find(path);
  if (!node) return answer_error(d, XEN_ENOENT);
  answer(d, XS_READ, node->value, node->value_length);
}

void serve_directory(Domain& d, const char* path) {
  StoreNode* node = store_find(path);
  if (!node) return answer_error(d, XEN_ENOENT);
  static char names[XENSTORE_PAYLOAD_MAX];
  u32 at = 0;
  for (StoreNode* c = node->first_child; c; c = c->next_sibling) {
    u32 n = static_cast<u32>(strlen(c->name) + 1);
    if (at + n > sizeof names) return answer_error(d, XEN_E2BIG);
    memcpy(names + at, c->name, n);
    at += n;
  }
  answer(d, XS_DIRECTORY, names, at);
}

void serve_write(Domain& d, const char* path, const char* value, u32 length) {
  if (long error = store_set(path, value, length, d.id)) return answer_error(d, error);
  answer_ok(d);
  store_fire_watches(path);
}

void serve_mkdir(Domain& d, const char* path) {
  long error = store_find(path) ? 0 : store_set(path, nullptr, 0, d.id);
  if (error) return answer_error(d, error);
  answer_ok(d);
  store_fire_watches(path);
}

void serve_remove(Domain& d, const char* path) {
  char home[40];
  format(home, sizeof home, "/local/domain/%u", d.id);
  if (store_find(path) == store_find(home)) return answer_error(d, XEN_EACCES);
  if (long error = store_remove_tree(path)) return answer_error(d, error);
  answer_ok(d);
}

void serve_watch(Domain& d, const char* path, const char* shown, const char* token) {
  StoreConnection& c = *d.connection;
  for (StoreWatch* w = c.watches; w; w = w->next)
    if (!strcmp(w->path, path) && !strcmp(w->token, token)) return answer_error(d, XEN_EEXIST);
  auto* w = c.watch_count < watches_max ? heap_new<StoreWatch>() : nullptr;
  if (!w) return answer_error(d, c.watch_count < watches_max ? XEN_ENOMEM : XEN_ENOSPC);
  bool fits = copy_string(w->path, sizeof w->path, path) && copy_string(w->shown, sizeof w->shown, shown) &&
              copy_string(w->token, sizeof w->token, token);
  if (!fits) {
    heap_free(w);
    return answer_error(d, XEN_EINVAL);
  }
  w->next = c.watches;
  c.watches = w;
  c.watch_count++;
  answer_ok(d);
  fire(d, *w, path);  // a new watch fires once at once
}

void serve_unwatch(Domain& d, const char* path, const char* token) {
  StoreConnection& c = *d.connection;
  for (StoreWatch** p = &c.watches; *p; p = &(*p)->next)
    if (!strcmp((*p)->path, path) && !strcmp((*p)->token, token)) {
      StoreWatch* w = *p;
      *p = w->next;
      heap_free(w);
      c.watch_count--;
      return answer_ok(d);
    }
  answer_error(d, XEN_ENOENT);
}

// "b7": the letter says what, the number who; the first one is the owner, and what it grants to all others.
bool parse_perm(const char* text, StorePerms::Named& perm) {
  constexpr char letters[] = "nrwb";
  const char* letter = *text ? strchr(letters, *text) : nullptr;
  u64 number;
  if (!letter || !parse_number(text + 1, number) || number >= 0x7ff0) return false;
  perm = {static_cast<u16>(number), static_cast<u8>(letter - letters)};
  return true;
}

bool parse_perms(const char* text, u32 length, StorePerms& perms) {
  StorePerms::Named first;
  const char* end = text + length;
  if (!length || text[length - 1] || !parse_perm(text, first)) return false;
  perms.owner = first.domain;
  perms.others = first.may;
  for (text += strlen(text) + 1; text < end; text += strlen(text) + 1)
    if (perms.count == StorePerms::named_max || !parse_perm(text, perms.named[perms.count++])) return false;
  return true;
}

void serve_set_perms(Domain& d, const char* path, const char* text, u32 length) {
  StorePerms perms;
  StoreNode* node = store_find(path);
  if (!node) return answer_error(d, XEN_ENOENT);
  if (node->perms.owner != d.id) return answer_error(d, XEN_EACCES);
  if (!parse_perms(text, length, perms) || perms.owner != d.id) return answer_error(d, XEN_EINVAL);
  node->perms = perms;
  answer_ok(d);
}

void serve_get_perms(Domain& d, const char* path) {
  const StoreNode* node = store_find(path);
  if (!node) return answer_error(d, XEN_ENOENT);
  char text[(StorePerms::named_max + 1) * 8];
  u32 at = 0;
  const auto add = [&](u16 domain, u8 what) {
    at += static_cast<u32>(format(
                               text + at, sizeof text - at, "%c%u", "nrwb" [what], unsigned { domain }) +
                           1);
  };
  add(node->perms.owner, node->perms.others);
  for (unsigned i = 0; i < node->perms.count; i++) add(node->perms.named[i].domain, node->perms.named[i].may);
  answer(d, XS_GET_PERMS, text, at);
}

void serve_domain_path(Domain& d, const char* number) {
  u64 id;
  if (!parse_number(number, id)) return answer_error(d, XEN_EINVAL);
  char path[40];
  size_t n = format(path, sizeof path, "/local/domain/%lu", id);
  answer(d, XS_GET_DOMAIN_PATH, path, static_cast<u32>(n + 1));
}

// Payload: path '\0' rest. The second string is the rest, terminated by the extra byte behind the payload.
void serve_message(Domain& d) {
  StoreConnection& c = *d.connection;
  u32 length = c.message.header.len;
  char* payload = c.message.payload;
  payload[length] = 0;
  size_t first = strlen(payload);
  if (first == length) return answer_error(d, XEN_EINVAL);  // the path must end inside the payload
  char* rest = payload + first + 1;
  u32 rest_length = length - static_cast<u32>(first + 1);
  if (c.message.header.type == XS_GET_DOMAIN_PATH) return serve_domain_path(d, payload);
  char path[store_path_max];
  if (!resolve(d, payload, path)) return answer_error(d, XEN_EINVAL);
  const u32 type = c.message.header.type;
  // A watch tells of what may be read, when it is.
  if (type != XS_WATCH && type != XS_UNWATCH && !may(d, path, access_for(type)))
    return answer_error(d, type <= XS_SET_PERMS ? XEN_EACCES : XEN_ENOSYS);
  switch (c.message.header.type) {
    case XS_READ:
      return serve_read(d, path);
    case XS_DIRECTORY:
      return serve_directory(d, path);
    case XS_WRITE:
      return serve_write(d, path, rest, rest_length);
    case XS_MKDIR:
      return serve_mkdir(d, path);
    case XS_RM:
      return serve_remove(d, path);
    case XS_SET_PERMS:
      return serve_set_perms(d, path, rest, rest_length);
    case XS_GET_PERMS:
      return serve_get_perms(d, path);
    case XS_WATCH:
      return serve_watch(d, path, payload, rest);
    case XS_UNWATCH:
      return serve_unwatch(d, path, rest);
    default:
      return answer_error(d, XEN_ENOSYS);
  }
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
  while (StoreWatch* w = d.connection->watches) {
    d.connection->watches = w->next;
    heap_free(w);
  }
  heap_free(d.connection);
  d.connection = nullptr;
}

void store_serve(Domain& d) {
  if (!d.connection || d.connection->broken) return;
  flush_output(d);
  // A domain that asks without reading the answers is not served until it reads.
  while (room_for_answer(*d.connection) && collect_message(d)) {
    serve_message(d);
    flush_output(d);
  }
}

void (*store_changed)(const char* path);

bool store_below(const char* path, const char* watched) {
  size_t n = strlen(watched);
  return !strncmp(path, watched, n) && (!path[n] || path[n] == '/' || watched[n - 1] == '/');
}

long store_remove_tree(const char* path) {
  if (!store_find(path)) return -XEN_ENOENT;
  for (Domain* d = domains_first(); d; d = d->next) {
    if (!d->connection) continue;
    for (StoreWatch* w = d->connection->watches; w; w = w->next) tell_of_removal(*d, *w, path);
    flush_output(*d);
  }
  const long error = store_remove(path);
  if (!error && store_changed) store_changed(path);
  return error;
}

void store_fire_watches(const char* path) {
  if (store_changed) store_changed(path);
  for (Domain* d = domains_first(); d; d = d->next) {
    if (!d->connection) continue;
    for (StoreWatch* w = d->connection->watches; w; w = w->next)
      if (store_below(path, w->path) && may(*d, path, StorePerms::read)) fire(*d, *w, path);
    flush_output(*d);
  }
}

long store_write_text(const char* path, const char* text) {
  long error = store_set(path, text, static_cast<u32>(strlen(text)));
  if (!error) store_fire_watches(path);
  return error;
}
