#include "sim/cli/interrupt.h"

#include <csignal>

namespace xs::cli {
namespace {
std::atomic<int> received{0};
void note(int signal) { received = signal; }
}  // namespace

const std::atomic<int>& interrupt_flag() {
  static const bool installed = [] {
    struct sigaction action {};
    action.sa_handler = note;  // no SA_RESTART: waiting calls return
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    return true;
  }();
  (void)installed;
  return received;
}

}  // namespace xs::cli
