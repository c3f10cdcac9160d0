// A domain's connection to the store, for the parts of the server.
//
//   store_server.cpp       bytes and messages
//   store_requests.cpp     what is asked of nodes
//   store_watches.cpp      watches and their events
//   store_transaction.cpp  transactions
#pragma once
#include "guests/kernel/dom0/store_server.h"
#include "guests/kernel/dom0/store_transaction.h"
#include "guests/kernel/dom0/store_tree.h"

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
  StoreTransactions transactions;
  u32 have;  // bytes of `message` that have arrived
  struct {
    xsd_sockmsg header;
    char payload[XENSTORE_PAYLOAD_MAX + 1];
  } message;
  StoreOutput output;
  bool broken;
};

// --- out -------------------------------------------------------------------------------------------------
void store_flush(Domain& d);
// False: there is no room.
bool store_queue(Domain& d, const xsd_sockmsg& header, const void* a, u32 a_length, const void* b = nullptr,
                 u32 b_length = 0);
void store_answer(Domain& d, u32 type, const void* data, u32 length);
void store_answer_error(Domain& d, long error);
void store_answer_ok(Domain& d);

// --- in --------------------------------------------------------------------------------------------------
// What is not there is as open as what is nearest above it: which names exist is nobody else's business.
bool store_may(const Domain& d, const char* path, u8 what);
// Of the tree in view; `tx` is null outside of transactions.
void store_serve_node(Domain& d, StoreTransaction* tx, const char* path, const char* rest, u32 rest_length);

void store_serve_watch(Domain& d, const char* path, const char* shown, const char* token);
void store_serve_unwatch(Domain& d, const char* path, const char* token);
void store_drop_watches(StoreConnection& c);
