// SIGINT and SIGTERM for work that cannot be asked to stop: the program ends at once, but leaves nothing
// behind.
#pragma once
#include <pthread.h>

#include <csignal>
#include <string>
#include <thread>

namespace xs::cli {

/// While it lives, either signal removes `directory` and ends the program with exit code 130. Threads that
/// are made meanwhile do not see the signals.
class EndOnSignal {
 public:
  explicit EndOnSignal(const std::string& directory);
  ~EndOnSignal();
  EndOnSignal(const EndOnSignal&) = delete;
  EndOnSignal& operator=(const EndOnSignal&) = delete;

 private:
  sigset_t before_{};
  std::thread waiter_;
};

}  // namespace xs::cli
