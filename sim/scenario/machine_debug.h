// A machine under gdb: `--gdb` and `-S` of the command line.
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/observe/observer.h"
#include "sim/platform/machine.h"

namespace xs::scenario {

struct DebugOptions {
  std::string address;  ///< port or unix:path; empty: no debugger
  bool wait = false;    ///< runs nothing before gdb says so
  const std::atomic<int>* interrupted = nullptr;
};

class MachineDebug {
 public:
  /// Listens; throws Error. `images`: ELF files of all that may run, the hypervisor's first.
  MachineDebug(const DebugOptions& options, platform::Machine& machine, const observe::Observer& observer,
               std::vector<std::string> images);
  ~MachineDebug();
  /// Before the first run. Says on stderr where it listens.
  void start();
  /// Between runs of the machine.
  void poll();
  /// Tells gdb the exit code.
  void ended(int exit_code);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xs::scenario
