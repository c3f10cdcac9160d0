// xenstore's tree.
//
//   root ─ local ─ domain ─ 1 ─ memory ─ target = "65536"
//   children are a list in order of creation; a value is bytes, not text
#pragma once
#include "guests/lib/types.h"

struct StoreNode {
  StoreNode* parent;
  StoreNode* first_child;
  StoreNode* next_sibling;
  char* value;
  u32 value_length;
  char name[];
};

constexpr u32 store_path_max = 256;
constexpr u32 store_value_max = 2048;
constexpr u32 store_nodes_per_domain = 512;

// Absolute paths only: "/a/b". Null when there is no such node.
StoreNode* store_find(const char* path);
// 0, -EINVAL (path or length), -ENOSPC (a domain's quota of nodes), -ENOMEM. Creates missing parents.
long store_set(const char* path, const void* value, u32 length);
long store_remove(const char* path);  // with everything below; -ENOENT
// "/local/domain/N" of a path below it; false for any other path.
bool store_path_domain(const char* path, u32& domain);
