#include "sim/cli/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "sim/core/error.h"

namespace xs::cli {

void print(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(STDOUT_FILENO, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EPIPE) ::_exit(0);  // the reader has seen enough
    if (n < 0) throw Error(std::string("standard output: ") + std::strerror(errno));
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace xs::cli
