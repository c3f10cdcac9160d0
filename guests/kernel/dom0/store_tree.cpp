#include "guests/kernel/dom0/store_tree.h"

#include "guests/kernel/heap.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
StoreNode store;  // the root has no name: the flexible array stays empty
StoreNode* root = &store;
u64 version;

void stamp(StoreNode* node) { node->version = ++version; }

// Values do not change, they are replaced; so copies of a node share one.
struct Value {
  u64 users;
  char bytes[];
};
Value* value_of(char* bytes) { return reinterpret_cast<Value*>(bytes - sizeof(Value)); }

char* value_new(const void* bytes, u32 length) {
  auto* v = static_cast<Value*>(heap_alloc(sizeof(Value) + length));
  if (!v) return nullptr;
  v->users = 1;
  memcpy(v->bytes, bytes, length);
  return v->bytes;
}

void value_put(char* bytes) {
  if (bytes && !--value_of(bytes)->users) heap_free(value_of(bytes));
}

// Next component of the path: its length, 0 at the end. `path` is left at the component's first character.
size_t component(const char*& path) {
  while (*path == '/') path++;
  size_t n = 0;
  while (path[n] && path[n] != '/') n++;
  return n;
}

StoreNode* child_of(StoreNode* node, const char* name, size_t length) {
  for (StoreNode* c = node->first_child; c; c = c->next_sibling)
    if (!strncmp(c->name, name, length) && !c->name[length]) return c;
  return nullptr;
}

StoreNode* add_child(StoreNode* parent, const char* name, size_t length, u32 maker) {
  auto* node = static_cast<StoreNode*>(heap_alloc(sizeof(StoreNode) + length + 1));
  if (!node) return nullptr;
  memcpy(node->name, name, length);
  node->parent = parent;
  node->perms = parent->perms;
  if (maker) node->perms.owner = static_cast<u16>(maker);
  StoreNode** end = &parent->first_child;
  while (*end) end = &(*end)->next_sibling;
  *end = node;
  stamp(node);
  stamp(parent);
  return node;
}

u32 count_nodes(const StoreNode* node) {
  u32 n = 1;
  for (StoreNode* c = node->first_child; c; c = c->next_sibling) n += count_nodes(c);
  return n;
}

void free_subtree(StoreNode* node) {
  while (StoreNode* c = node->first_child) {
    node->first_child = c->next_sibling;
    free_subtree(c);
  }
  value_put(node->value);
  heap_free(node);
}

// A domain must not be able to use up dom0's memory.
bool over_quota(const char* path) {
  u32 domain;
  if (!store_path_domain(path, domain)) return false;
  const char* p = path;
  StoreNode* node = root;
  for (int i = 0; i < 3 && node; i++) {
    size_t n = component(p);
    node = child_of(node, p, n);
    p += n;
  }
  return node && count_nodes(node) >= store_nodes_per_domain;
}
}  // namespace

bool store_path_domain(const char* path, u32& domain) {
  constexpr char prefix[] = "/local/domain/";
  if (strncmp(path, prefix, sizeof prefix - 1)) return false;
  u64 number;
  const char* end = scan_number(path + sizeof prefix - 1, number);
  if (!end || (*end && *end != '/')) return false;
  domain = static_cast<u32>(number);
  return number < 0x7ff0;
}

bool store_path_is_valid(const char* path) {
  if (path[0] != '/' || strlen(path) >= store_path_max || strstr(path, "//")) return false;
  if (path[1] && path[strlen(path) - 1] == '/') return false;
  for (const char* p = path; *p; p++) {
    bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9');
    if (!letter && !strchr("-/_@.:+", *p)) return false;
  }
  return true;
}

bool StorePerms::allow(u32 domain, u8 what) const {
  if (!domain || domain == owner) return true;
  for (unsigned i = 0; i < count; i++)
    if (named[i].domain == domain) return (named[i].may & what) == what;
  return (others & what) == what;
}

void store_change_perms(StoreNode* node, const StorePerms& perms) {
  node->perms = perms;
  stamp(node);
}

void store_set_perms(StoreNode* node, const StorePerms& perms) {
  store_change_perms(node, perms);
  for (StoreNode* c = node->first_child; c; c = c->next_sibling) store_set_perms(c, perms);
}

StoreNode* store_nearest(const char* path) {
  StoreNode* node = root;
  while (size_t n = component(path)) {
    StoreNode* next = child_of(node, path, n);
    if (!next) break;
    node = next;
    path += n;
  }
  return node;
}

StoreNode* store_find(const char* path) {
  StoreNode* node = root;
  while (size_t n = component(path)) {
    node = child_of(node, path, n);
    if (!node) return nullptr;
    path += n;
  }
  return node;
}

long store_set(const char* path, const void* value, u32 length, u32 maker) {
  if (!store_path_is_valid(path) || length > store_value_max) return -XEN_EINVAL;
  if (!store_find(path) && over_quota(path)) return -XEN_ENOSPC;
  char* copy = length ? value_new(value, length) : nullptr;
  if (length && !copy) return -XEN_ENOMEM;
  StoreNode* node = root;
  while (size_t n = component(path)) {
    StoreNode* next = child_of(node, path, n);
    if (!next) next = add_child(node, path, n, maker);
    if (!next) {
      value_put(copy);
      return -XEN_ENOMEM;
    }
    node = next;
    path += n;
  }
  value_put(node->value);
  node->value = copy;
  node->value_length = length;
  stamp(node);
  return 0;
}

long store_remove(const char* path) {
  StoreNode* node = store_find(path);
  if (!node || node == root) return -XEN_ENOENT;
  for (StoreNode** p = &node->parent->first_child; *p; p = &(*p)->next_sibling)
    if (*p == node) {
      *p = node->next_sibling;
      stamp(node->parent);
      break;
    }
  free_subtree(node);
  return 0;
}

u64 store_version() { return version; }

void store_path_of(const StoreNode* node, char (&path)[store_path_max]) {
  size_t at = sizeof path - 1;
  path[at] = 0;
  for (; node->parent; node = node->parent) {
    const size_t n = strlen(node->name);
    memcpy(path + (at -= n), node->name, n);
    path[--at] = '/';
  }
  if (!path[at]) path[--at] = '/';
  memmove(path, path + at, sizeof path - at);
}

namespace {
StoreNode* copy_of(const StoreNode* node) {
  const size_t bytes = sizeof(StoreNode) + (node->parent ? strlen(node->name) + 1 : 0);
  auto* copy = static_cast<StoreNode*>(heap_alloc(bytes));
  if (!copy) return nullptr;
  memcpy(copy, node, bytes);
  copy->parent = copy->first_child = copy->next_sibling = nullptr;
  if (copy->value) value_of(copy->value)->users++;
  return copy;
}

StoreNode* copy_tree(const StoreNode* node) {
  StoreNode* const copy = copy_of(node);
  StoreNode** end = copy ? &copy->first_child : nullptr;
  for (const StoreNode* c = node->first_child; c && copy; c = c->next_sibling, end = &(*end)->next_sibling) {
    *end = copy_tree(c);
    if (!*end) {
      free_subtree(copy);
      return nullptr;
    }
    (*end)->parent = copy;
  }
  return copy;
}
}  // namespace

StoreNode* store_tree_copy() { return copy_tree(&store); }

void store_tree_free(StoreNode* tree) {
  if (tree) free_subtree(tree);
}

StoreNode* store_tree_use(StoreNode* tree) {
  StoreNode* const before = root == &store ? nullptr : root;
  root = tree ? tree : &store;
  return before;
}

void store_tree_replace(StoreNode* tree) {
  while (StoreNode* c = store.first_child) {
    store.first_child = c->next_sibling;
    free_subtree(c);
  }
  value_put(store.value);
  store.value = tree->value;
  store.value_length = tree->value_length;
  store.perms = tree->perms;
  store.version = tree->version;
  store.first_child = tree->first_child;
  for (StoreNode* c = store.first_child; c; c = c->next_sibling) c->parent = &store;
  heap_free(tree);
}
