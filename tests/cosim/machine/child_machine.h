// SystemC elaborates once per process: each run of a machine is a child process whose findings come back
// through a pipe.
#pragma once
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <string>
#include <type_traits>

#include "sim/platform/machine.h"

namespace xs::test {

/// What a run left behind; plain data, because it crosses a pipe.
struct Finding {
  platform::StopReason reason = platform::StopReason::paused;
  u32 exit_value = 0;
  u64 now_ps = 0, instructions = 0, hash = 0, unmodelled = 0, reports = 0;
  struct Place {
    u64 where, pc;
  } places[8] = {};  ///< unmodelled accesses as reported
  char text[256] = {};
};

template <typename Run>
auto in_child(const Run& run) -> decltype(run()) {
  using Found = decltype(run());
  static_assert(std::is_trivially_copyable_v<Found>);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    int status = 1;
    try {
      const Found found = run();
      if (write(ends[1], &found, sizeof found) == sizeof found) status = 0;
    } catch (const std::exception& e) {
      fprintf(stderr, "%s\n", e.what());
    }
    _exit(status);
  }
  close(ends[1]);
  Found found;
  const ssize_t n = read(ends[0], &found, sizeof found);
  close(ends[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  REQUIRE(status == 0);
  REQUIRE(n == sizeof found);
  return found;
}

}  // namespace xs::test
