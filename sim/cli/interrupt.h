// SIGINT and SIGTERM as a flag: work stops at the next convenient place and leaves a partial report.
#pragma once
#include <atomic>

namespace xs::cli {

/// Installs the handlers on the first call; the value is the number of the signal, 0 before it came.
const std::atomic<int>& interrupt_flag();

}  // namespace xs::cli
