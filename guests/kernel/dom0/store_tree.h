// xenstore's tree.
//
//   root ─ local ─ domain ─ 1 ─ memory ─ target = "65536"
//   children are a list in order of creation; a value is bytes, not text
#pragma once
#include "guests/lib/types.h"

// Who may do what with a node, as XS_SET_PERMS has it: its owner everything, those who are named what stands
// beside their name, all others `others`.
struct StorePerms {
  static constexpr unsigned named_max = 3;
  enum : u8 { none = 0, read = 1, write = 2 };
  struct Named {
    u16 domain;
    u8 may;
  };
  u16 owner = 0;
  u8 others = none;
  u8 count = 0;
  Named named[named_max] = {};

  // dom0 may everything.
  bool allow(u32 domain, u8 what) const;
};

struct StoreNode {
  StoreNode* parent;
  StoreNode* first_child;
  StoreNode* next_sibling;
  char* value;  // shared with copies of the node
  u32 value_length;
  StorePerms perms;
  u64 version;  // of the store, when the node's value, permissions or children last changed
  char name[];
};

constexpr u32 store_path_max = 256;
constexpr u32 store_value_max = 2048;
constexpr u32 store_nodes_per_domain = 512;

// "/a/b", or "/": absolute, no empty component, letters, digits and -/_@.:+ alone.
bool store_path_is_valid(const char* path);
// Absolute paths only: "/a/b". Null when there is no such node.
StoreNode* store_find(const char* path);
// The node, or the nearest one above it.
StoreNode* store_nearest(const char* path);
// New nodes get the permissions of the one above; if a domain other than dom0 makes them they are its own.
// 0, -EINVAL (path or length), -ENOSPC (a domain's quota of nodes), -ENOMEM. Creates missing parents.
long store_set(const char* path, const void* value, u32 length, u32 maker = 0);
// Of the node and all below it.
void store_set_perms(StoreNode* node, const StorePerms& perms);
void store_change_perms(StoreNode* node, const StorePerms& perms);  // of this one alone
long store_remove(const char* path);                                // with everything below; -ENOENT
// "/local/domain/N" of a path below it; false for any other path.
bool store_path_domain(const char* path, u32& domain);

// Counts changes of whatever tree is in view.
u64 store_version();
void store_path_of(const StoreNode* node, char (&path)[store_path_max]);

// --- other trees than the store, for transactions ----------------------------------------------------------
// A copy of the store; null: no memory.
StoreNode* store_tree_copy();
void store_tree_free(StoreNode* tree);
// All functions above work on this tree (null: the store) from now on; answers the one before.
StoreNode* store_tree_use(StoreNode* tree);
// The tree becomes the store.
void store_tree_replace(StoreNode* tree);
