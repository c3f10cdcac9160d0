#include "sim/cli/end_on_signal.h"

#include <unistd.h>

#include <filesystem>

#include "sim/scenario/result.h"

namespace xs::cli {

EndOnSignal::EndOnSignal(const std::string& directory) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, &before_);
  waiter_ = std::thread([this, signals, directory] {
    int number = 0;
    sigwait(&signals, &number);
    if (over_) return;
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
    ::_exit(scenario::exit_interrupted);
  });
}

EndOnSignal::~EndOnSignal() {
  over_ = true;
  pthread_kill(waiter_.native_handle(), SIGTERM);  // what it waits for; nobody else gets it
  waiter_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace xs::cli
