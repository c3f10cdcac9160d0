#include "guests/kernel/xenbus/store.h"

#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/string.h"

const StoreService* store_service;

namespace {
bool join(char (&path)[store_text_max], const char* directory, const char* key) {
  return format(path, sizeof path, "%s/%s", directory, key) < sizeof path;
}
}  // namespace

void StoreWatchers::add(StoreWatcher& watcher) {
  watcher.next = first;
  first = &watcher;
}

void StoreWatchers::remove(StoreWatcher& watcher) {
  for (StoreWatcher** p = &first; *p; p = &(*p)->next)
    if (*p == &watcher) {
      *p = watcher.next;
      return;
    }
}

void store_tell(StoreWatcher& watcher) {
  watcher.fired = true;
  wake_all(*watcher.wake);
}

long store_read_text(const char* directory, const char* key, char* value, size_t size) {
  char path[store_text_max];
  return join(path, directory, key) ? store_read(path, value, size) : -XEN_EINVAL;
}

long store_read_number(const char* directory, const char* key, u64& value) {
  char text[24];
  if (long error = store_read_text(directory, key, text, sizeof text)) return error;
  return parse_number(text, value) ? 0 : -XEN_EINVAL;
}

long store_write_number(const char* directory, const char* key, u64 value, u32 transaction) {
  char path[store_text_max], text[24];
  format(text, sizeof text, "%lu", value);
  return join(path, directory, key) ? store_write(path, text, transaction) : -XEN_EINVAL;
}

namespace {
bool turn_taken;
WaitQueue turn_free;
}  // namespace

TransactionTurn::TransactionTurn() {
  while (turn_taken) wait_on(turn_free);
  turn_taken = true;
}

TransactionTurn::~TransactionTurn() {
  turn_taken = false;
  wake_all(turn_free);
}

long store_write_together(const char* directory, const StoreNumber* numbers, unsigned count) {
  const TransactionTurn turn;
  long error;
  do {
    u32 transaction;
    if ((error = store_service->begin(transaction))) return error;
    for (unsigned i = 0; i < count && !error; i++)
      error = store_write_number(directory, numbers[i].key, numbers[i].value, transaction);
    const long ended = store_service->end(transaction, !error);
    if (!error) error = ended;
  } while (error == -XEN_EAGAIN);
  return error;
}
