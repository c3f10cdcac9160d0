// The one exception type that reaches the command line, and the exit codes it carries.
#pragma once
#include <stdexcept>
#include <string>

namespace xs {

/// Exit codes of every command, as the Xen Test Framework's (xtf-runner): docs/cli.md.
enum class ExitCode : int {
  success = 0,   ///< everything expected happened
  skip = 3,      ///< a precondition is missing; nothing was judged
  error = 4,     ///< the input or the host is at fault: bad file, bad option, disk full
  failure = 5,   ///< an expectation or an invariant did not hold
  crash = 6,     ///< guest or hypervisor panic, triple fault, no runnable VCPU left
  timeout = 124  ///< simulated or wall-clock limit reached
};

/// One clear sentence for the user. Thrown by libraries, printed once by the command line.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& text, ExitCode code = ExitCode::error)
      : std::runtime_error(text), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

}  // namespace xs
