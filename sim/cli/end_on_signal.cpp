#include "sim/cli/end_on_signal.h"

#include <unistd.h>

#include <filesystem>

#include "sim/scenario/result.h"

namespace xs::cli {

namespace {
constexpr int work_is_over = SIGUSR1;
}

EndOnSignal::EndOnSignal(const std::string& directory) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, work_is_over);
  pthread_sigmask(SIG_BLOCK, &signals, &before_);
  waiter_ = std::thread([signals, directory] {
    int number = 0;
    sigwait(&signals, &number);
    if (number == work_is_over) return;
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
    ::_exit(scenario::exit_interrupted);
  });
}

EndOnSignal::~EndOnSignal() {
  pthread_kill(waiter_.native_handle(), work_is_over);
  waiter_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace xs::cli
