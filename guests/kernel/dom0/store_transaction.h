// Transactions of the store (XS_TRANSACTION_START and _END).
//
//   START        a copy of the tree, values shared: what others write from now on is not seen
//   requests     are served from the copy; what they depend on and what they change is noted
//   END T        nothing that they depend on has changed in the store: the changes are made there, all or
//                none, and watches fire; else EAGAIN, and the domain tries again
//   END F        nothing has happened
//
// A request depends on the node that it names, or on the nearest one above where there is none.
#pragma once
#include "guests/kernel/dom0/domain_list.h"
#include "guests/kernel/dom0/store_tree.h"

// What a domain can make dom0 keep: an open transaction keeps the values that the store had when it began,
// beside its own.
constexpr u32 store_transactions_max = 3;             // open at once, of a domain
constexpr u32 store_transactions_all = 12;            // of all domains; each may have one all the same
constexpr u32 store_transaction_notes_max = 64;       // nodes that one depends on, and changes
constexpr u32 store_transaction_bytes_max = 0x10000;  // of the values in its changes

struct StoreTransaction;
struct StoreTransactions {
  StoreTransaction* first;
  u32 open, last_id;
};

// -ENOSPC: too many are open; -ENOMEM.
long store_transaction_start(StoreTransactions& all, u32& id);
// -ENOENT: no such transaction; -EAGAIN: it is over, and nothing has happened; -ENOSPC, -ENOMEM: likewise.
long store_transaction_end(StoreTransactions& all, u32 id, bool commit, const Domain& d);
StoreTransaction* store_transaction_find(const StoreTransactions& all, u32 id);
void store_transactions_drop(StoreTransactions& all);

// The node functions of store_tree.h work on the transaction's copy as long as this lives; null: on the
// store.
class StoreView {
 public:
  explicit StoreView(StoreTransaction* tx);
  ~StoreView();
  StoreView(const StoreView&) = delete;
  StoreView& operator=(const StoreView&) = delete;

 private:
  StoreNode* before_;
};

enum class StoreChange : u8 { set, make, remove, perms };
// Before the request is served, in its view, and when `domain` may make it: what it depends on; `below`: on
// all below the node as well. What the domain may nothing with is left out there: a conflict would tell of
// it. -ENOSPC, -ENOMEM; what has led to the loss of a change.
long store_transaction_depend(StoreTransaction& tx, const char* path, bool below, u32 domain);
// When it is: what it has changed. The bytes are a value, or permissions. What cannot be noted ends the
// transaction's hope.
long store_transaction_note(StoreTransaction& tx, StoreChange what, const char* path, const void* bytes,
                            u32 length);
