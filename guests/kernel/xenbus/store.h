// xenstore for this kernel's own drivers, wherever it is served.
//
//   driver's thread ──store_read…──> StoreService: dom0's tree, or a ring to dom0
//   StoreWatcher    <──fired, woken────────┘
//
// Paths that do not begin with a slash are below the domain's own home. Any call may block.
#pragma once
#include "guests/kernel/thread.h"

constexpr unsigned store_text_max = 256;  // of a value, with its end

// A path (with all below it) that somebody waits for; stays where it is until store_unwatch().
struct StoreWatcher {
  const char* path;
  WaitQueue* wake;
  volatile bool fired = false;
  StoreWatcher* next = nullptr;
};

struct StoreService {
  // 0 or a negative errno; the value is cut to `size` - 1 characters.
  long (*read)(const char* path, char* value, size_t size);
  long (*write)(const char* path, const char* value, u32 transaction);
  long (*remove)(const char* path);
  // Names, each with its end; the length of all of them, or a negative errno.
  long (*list)(const char* path, char* names, size_t size);
  // Fires once at once.
  void (*watch)(StoreWatcher& watcher);
  void (*unwatch)(StoreWatcher& watcher);
  // What is written in a transaction is seen by others when it ends, all or nothing. -EAGAIN: somebody has
  // changed what was read or written, and nothing has been written.
  long (*begin)(u32& transaction);
  long (*end)(u32 transaction, bool commit);
};
extern const StoreService* store_service;  // set before drivers start

inline long store_read(const char* path, char* value, size_t size) {
  return store_service->read(path, value, size);
}
inline long store_write(const char* path, const char* value, u32 transaction = 0) {
  return store_service->write(path, value, transaction);
}
inline long store_remove_path(const char* path) { return store_service->remove(path); }
inline long store_list(const char* path, char* names, size_t size) {
  return store_service->list(path, names, size);
}
inline void store_watch(StoreWatcher& watcher) { store_service->watch(watcher); }
inline void store_unwatch(StoreWatcher& watcher) { store_service->unwatch(watcher); }

// One after the other: a domain may have few transactions open, and many devices. Nothing is open while
// somebody else has the turn.
class TransactionTurn {
 public:
  TransactionTurn();
  ~TransactionTurn();
};

// For services: the list that watchers are kept in.
struct StoreWatchers {
  StoreWatcher* first = nullptr;
  void add(StoreWatcher& watcher);
  void remove(StoreWatcher& watcher);
};
void store_tell(StoreWatcher& watcher);

// Values as numbers, and "directory/key" put together.
long store_read_number(const char* directory, const char* key, u64& value);
long store_read_text(const char* directory, const char* key, char* value, size_t size);
long store_write_number(const char* directory, const char* key, u64 value, u32 transaction = 0);

struct StoreNumber {
  const char* key;
  u64 value;
};
// All of a directory at once, in a transaction that is tried until nobody is in between. 0 or a negative
// errno.
long store_write_together(const char* directory, const StoreNumber* numbers, unsigned count);
