#include "guests/kernel/dom0/store_transaction.h"

#include "guests/kernel/dom0/store_server.h"
#include "guests/kernel/heap.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
// A node as it was when the transaction began.
struct Dependence {
  Dependence* next;
  u64 version;
  char path[];
};

struct Change {
  Change* next;
  StoreChange what;
  u32 length;
  char* path() { return reinterpret_cast<char*>(this + 1); }
  char* bytes() { return path() + strlen(path()) + 1; }
};

template <typename T>
void free_list(T* first) {
  while (T* one = first) {
    first = one->next;
    heap_free(one);
  }
}
}  // namespace

struct StoreTransaction {
  StoreTransaction* next;
  u32 id;
  u64 started;  // version of the store then
  StoreNode* tree;
  Dependence* dependences;
  Change* changes;
  Change** end;
  u32 notes;
  u32 bytes;  // of the changes' values
  long lost;  // a change is not noted: why
};

namespace {
u32 open_everywhere;

void drop(StoreTransaction* tx) {
  open_everywhere--;
  free_list(tx->dependences);
  free_list(tx->changes);
  store_tree_free(tx->tree);
  heap_free(tx);
}

StoreTransaction* take_out(StoreTransactions& all, u32 id) {
  for (StoreTransaction** p = &all.first; *p; p = &(*p)->next)
    if ((*p)->id == id) {
      StoreTransaction* tx = *p;
      *p = tx->next;
      all.open--;
      return tx;
    }
  return nullptr;
}

// What this transaction has changed itself is in it already, by what it depended on when it did.
long depend_on(StoreTransaction& tx, const StoreNode* node) {
  char path[store_path_max];
  if (node->version > tx.started) return 0;
  store_path_of(node, path);
  for (Dependence* d = tx.dependences; d; d = d->next)
    if (!strcmp(d->path, path)) return 0;
  if (tx.notes == store_transaction_notes_max) return -XEN_ENOSPC;
  const size_t length = strlen(path) + 1;
  auto* d = static_cast<Dependence*>(heap_alloc(sizeof(Dependence) + length));
  if (!d) return -XEN_ENOMEM;
  d->next = tx.dependences;
  d->version = node->version;
  memcpy(d->path, path, length);
  tx.dependences = d;
  tx.notes++;
  return 0;
}

bool open_to(u32 domain, const StoreNode* node) {
  return node->perms.allow(domain, StorePerms::read) || node->perms.allow(domain, StorePerms::write);
}

long depend_below(StoreTransaction& tx, const StoreNode* node, u32 domain) {
  long error = 0;
  for (const StoreNode* c = node->first_child; c && !error; c = c->next_sibling) {
    if (open_to(domain, c)) error = depend_on(tx, c);
    if (!error) error = depend_below(tx, c, domain);
  }
  return error;
}

bool conflicts(const StoreTransaction& tx) {
  for (const Dependence* d = tx.dependences; d; d = d->next) {
    const StoreNode* node = store_find(d->path);
    if (!node || node->version != d->version) return true;
  }
  return false;
}

long repeat(Change& c, u32 maker) {
  StoreNode* const node = store_find(c.path());
  switch (c.what) {
    case StoreChange::set:
      return store_set(c.path(), c.bytes(), c.length, maker);
    case StoreChange::make:
      return node ? 0 : store_set(c.path(), nullptr, 0, maker);
    case StoreChange::remove:
      return store_remove(c.path());
    case StoreChange::perms:
      StorePerms perms;
      memcpy(&perms, c.bytes(), sizeof perms);  // it lies behind a path of any length
      if (node) store_change_perms(node, perms);
      return node ? 0 : -XEN_ENOENT;
  }
  return -XEN_EINVAL;
}

// The store with the changes made, as a tree of its own; null with an error.
StoreNode* changed_store(const StoreTransaction& tx, u32 maker, long& error) {
  StoreNode* const tree = store_tree_copy();
  error = tree ? 0 : -XEN_ENOMEM;
  if (!tree) return nullptr;
  StoreNode* const before = store_tree_use(tree);
  for (Change* c = tx.changes; c && !error; c = c->next) error = repeat(*c, maker);
  store_tree_use(before);
  if (!error) return tree;
  store_tree_free(tree);
  return nullptr;
}

long commit(StoreTransaction& tx, const Domain& d) {
  if (tx.lost) return tx.lost;
  if (conflicts(tx)) return -XEN_EAGAIN;
  if (!tx.changes) return 0;
  long error;
  StoreNode* const tree = changed_store(tx, d.id, error);
  if (!tree) return error;
  for (Change* c = tx.changes; c; c = c->next)
    if (c->what == StoreChange::remove) store_tell_removal(c->path());
  store_tree_replace(tree);
  for (Change* c = tx.changes; c; c = c->next)
    if (c->what == StoreChange::remove && store_changed) store_changed(c->path());
  for (Change* c = tx.changes; c; c = c->next)
    if (c->what == StoreChange::set || c->what == StoreChange::make) store_fire_watches(c->path());
  return 0;
}
}  // namespace

StoreView::StoreView(StoreTransaction* tx) : before_(store_tree_use(tx ? tx->tree : nullptr)) {}
StoreView::~StoreView() { store_tree_use(before_); }

long store_transaction_start(StoreTransactions& all, u32& id) {
  // Nobody is kept from a first one by what others have open.
  if (all.open == store_transactions_max || (all.open && open_everywhere >= store_transactions_all))
    return -XEN_ENOSPC;
  auto* tx = heap_new<StoreTransaction>();
  if (!tx) return -XEN_ENOMEM;
  tx->tree = store_tree_copy();
  if (!tx->tree) {
    heap_free(tx);
    return -XEN_ENOMEM;
  }
  do all.last_id++;
  while (!all.last_id || store_transaction_find(all, all.last_id));
  tx->id = id = all.last_id;
  tx->started = store_version();
  tx->end = &tx->changes;
  tx->next = all.first;
  all.first = tx;
  all.open++;
  open_everywhere++;
  return 0;
}

long store_transaction_end(StoreTransactions& all, u32 id, bool commits, const Domain& d) {
  StoreTransaction* const tx = take_out(all, id);
  if (!tx) return -XEN_ENOENT;
  const long error = commits ? commit(*tx, d) : 0;
  drop(tx);
  return error;
}

StoreTransaction* store_transaction_find(const StoreTransactions& all, u32 id) {
  StoreTransaction* tx = all.first;
  while (tx && tx->id != id) tx = tx->next;
  return tx;
}

void store_transactions_drop(StoreTransactions& all) {
  while (StoreTransaction* tx = all.first) {
    all.first = tx->next;
    drop(tx);
  }
  all.open = 0;
}

long store_transaction_depend(StoreTransaction& tx, const char* path, bool below, u32 domain) {
  if (tx.lost) return tx.lost;
  const StoreNode* node = store_nearest(path);
  long error = depend_on(tx, node);
  if (error || !below) return error;
  error = depend_below(tx, node, domain);
  const StoreNode* const parent = node->parent;  // it loses a child
  return error || !parent || !open_to(domain, parent) ? error : depend_on(tx, parent);
}

long store_transaction_note(StoreTransaction& tx, StoreChange what, const char* path, const void* bytes,
                            u32 length) {
  if (tx.notes == store_transaction_notes_max || length > store_transaction_bytes_max - tx.bytes)
    return tx.lost = -XEN_ENOSPC;
  const size_t path_length = strlen(path) + 1;
  auto* c = static_cast<Change*>(heap_alloc(sizeof(Change) + path_length + length));
  if (!c) return tx.lost = -XEN_ENOMEM;
  c->next = nullptr;
  c->what = what;
  c->length = length;
  memcpy(c->path(), path, path_length);
  if (length) memcpy(c->bytes(), bytes, length);
  *tx.end = c;
  tx.end = &c->next;
  tx.notes++;
  tx.bytes += length;
  return 0;
}
