#include "sim/cli/gdb_options.h"

#include "sim/cli/interrupt.h"
#include "sim/core/error.h"

namespace xs::cli {
namespace {

constexpr const char* usual_port = "1234";  // QEMU's

}  // namespace

scenario::DebugOptions GdbOptions::debug_options() const { return {address, wait, &interrupt_flag()}; }

void add_gdb_options(CLI::App& command, GdbOptions& options) {
  command
      .add_option_function<std::vector<std::string>>(
          "--gdb",
          [&options](const std::vector<std::string>& values) {
            const bool bare = values.empty() || values[0].empty();
            options.address = bare ? usual_port : values[0];
          },
          "Wait for gdb on this port of localhost (1234) or Unix socket")
      ->expected(0, 1)
      ->type_name("PORT|unix:PATH");
  command.add_flag("-S", options.wait, "Run nothing before gdb says so (with --gdb)");
}

}  // namespace xs::cli
