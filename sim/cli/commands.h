// The commands of `xenoscope`. Each adds its options to the application; what it does is run afterwards.
#pragma once
#include <CLI/CLI.hpp>
#include <functional>

namespace xs::cli {

/// Filled by the subcommand that was given: does the work, returns the exit code, may throw xs::Error.
using Action = std::function<int()>;

void add_run(CLI::App& app, Action& action);
void add_run_one(CLI::App& app, Action& action);  ///< hidden: the process that simulates one scenario
void add_compare(CLI::App& app, Action& action);
void add_report(CLI::App& app, Action& action);
void add_boot(CLI::App& app, Action& action);
void add_validate(CLI::App& app, Action& action);
void add_list(CLI::App& app, Action& action);
void add_disasm(CLI::App& app, Action& action);
void add_inspect(CLI::App& app, Action& action);
void add_stream(CLI::App& app, Action& action);
void add_bench(CLI::App& app, Action& action);
void add_bench_one(CLI::App& app, Action& action);  ///< hidden: one measurement

void add_bench_guest(CLI::App& app, Action& action);  ///< hidden: one column of `bench hypervisor`
void add_view(CLI::App& app, Action& action);

}  // namespace xs::cli
