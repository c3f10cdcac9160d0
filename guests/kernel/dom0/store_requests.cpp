// What is asked of nodes: XS_READ to XS_SET_PERMS.
#include "guests/kernel/dom0/store_connection.h"
#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/string.h"

namespace {
u8 access_for(u32 type) {
  return type == XS_WRITE || type == XS_MKDIR || type == XS_RM ? StorePerms::write : StorePerms::read;
}

// A transaction's changes are told when it is over.
void changed(Domain& d, StoreTransaction* tx, StoreChange what, const char* path, const void* bytes,
             u32 length) {
  if (const long error = tx ? store_transaction_note(*tx, what, path, bytes, length) : 0)
    return store_answer_error(d, error);
  store_answer_ok(d);
  if (!tx && (what == StoreChange::set || what == StoreChange::make)) store_fire_watches(path);
}

void serve_read(Domain& d, const char* path) {
  StoreNode* node = store_find(path);
  if (!node) return store_answer_error(d, XEN_ENOENT);
  store_answer(d, XS_READ, node->value, node->value_length);
}

void serve_directory(Domain& d, const char* path) {
  StoreNode* node = store_find(path);
  if (!node) return store_answer_error(d, XEN_ENOENT);
  static char names[XENSTORE_PAYLOAD_MAX];
  u32 at = 0;
  for (StoreNode* c = node->first_child; c; c = c->next_sibling) {
    u32 n = static_cast<u32>(strlen(c->name) + 1);
    if (at + n > sizeof names) return store_answer_error(d, XEN_E2BIG);
    memcpy(names + at, c->name, n);
    at += n;
  }
  store_answer(d, XS_DIRECTORY, names, at);
}

void serve_write(Domain& d, StoreTransaction* tx, const char* path, const char* value, u32 length) {
  if (long error = store_set(path, value, length, d.id)) return store_answer_error(d, error);
  changed(d, tx, StoreChange::set, path, value, length);
}

void serve_mkdir(Domain& d, StoreTransaction* tx, const char* path) {
  long error = store_find(path) ? 0 : store_set(path, nullptr, 0, d.id);
  if (error) return store_answer_error(d, error);
  changed(d, tx, StoreChange::make, path, nullptr, 0);
}

void serve_remove(Domain& d, StoreTransaction* tx, const char* path) {
  if (long error = tx ? store_remove(path) : store_remove_tree(path)) return store_answer_error(d, error);
  changed(d, tx, StoreChange::remove, path, nullptr, 0);
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

void serve_set_perms(Domain& d, StoreTransaction* tx, const char* path, const char* text, u32 length) {
  StorePerms perms;
  StoreNode* node = store_find(path);
  if (!node) return store_answer_error(d, XEN_ENOENT);
  if (node->perms.owner != d.id) return store_answer_error(d, XEN_EACCES);
  if (!parse_perms(text, length, perms) || perms.owner != d.id) return store_answer_error(d, XEN_EINVAL);
  store_change_perms(node, perms);
  changed(d, tx, StoreChange::perms, path, &perms, sizeof perms);
}

void serve_get_perms(Domain& d, const char* path) {
  const StoreNode* node = store_find(path);
  if (!node) return store_answer_error(d, XEN_ENOENT);
  char text[(StorePerms::named_max + 1) * 8];
  u32 at = 0;
  const auto add = [&](u16 domain, u8 what) {
    at += static_cast<u32>(format(
                               text + at, sizeof text - at, "%c%u", "nrwb" [what], unsigned { domain }) +
                           1);
  };
  add(node->perms.owner, node->perms.others);
  for (unsigned i = 0; i < node->perms.count; i++) add(node->perms.named[i].domain, node->perms.named[i].may);
  store_answer(d, XS_GET_PERMS, text, at);
}

bool is_home(const Domain& d, const char* path) {
  char home[40];
  format(home, sizeof home, "/local/domain/%u", d.id);
  return store_find(path) == store_find(home);
}
}  // namespace

bool store_may(const Domain& d, const char* path, u8 what) {
  return store_nearest(path)->perms.allow(d.id, what);
}

void store_serve_node(Domain& d, StoreTransaction* tx, const char* path, const char* rest, u32 rest_length) {
  const u32 type = d.connection->message.header.type;
  if (!store_may(d, path, access_for(type)))
    return store_answer_error(d, type <= XS_SET_PERMS ? XEN_EACCES : XEN_ENOSYS);
  if (type == XS_RM && is_home(d, path)) return store_answer_error(d, XEN_EACCES);
  // What is refused leaves no note: the end of the transaction would tell when it changes.
  if (tx)
    if (long error = store_transaction_depend(*tx, path, type == XS_RM, d.id))
      return store_answer_error(d, error);
  switch (type) {
    case XS_READ:
      return serve_read(d, path);
    case XS_DIRECTORY:
      return serve_directory(d, path);
    case XS_WRITE:
      return serve_write(d, tx, path, rest, rest_length);
    case XS_MKDIR:
      return serve_mkdir(d, tx, path);
    case XS_RM:
      return serve_remove(d, tx, path);
    case XS_SET_PERMS:
      return serve_set_perms(d, tx, path, rest, rest_length);
    case XS_GET_PERMS:
      return serve_get_perms(d, path);
    default:
      return store_answer_error(d, XEN_ENOSYS);
  }
}
