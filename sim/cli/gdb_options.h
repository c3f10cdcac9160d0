// `--gdb [PORT|unix:PATH]` and `-S`, of `boot` and `run`.
#pragma once
#include <CLI/CLI.hpp>

#include <string>

#include "sim/scenario/machine_debug.h"

namespace xs::cli {

struct GdbOptions {
  std::string address;  ///< empty: no debugger
  bool wait = false;
  bool given() const { return !address.empty(); }
  scenario::DebugOptions debug_options() const;
};

void add_gdb_options(CLI::App& command, GdbOptions& options);

}  // namespace xs::cli
