// xenoscope: one program, one command each for the CI engineer, the explorer, the porter and the teacher.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>

#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/core/error.h"
#include "sim/scenario/image_name.h"

namespace {

/// With the real path of the images, so that every line can be typed as it stands.
std::string examples() {
  return "Examples:\n"
         "  xenoscope run scenarios/demo/balloon.json\n"
         "  xenoscope run scenarios/regression -j 2 --junit out.xml\n"
         "  xenoscope run scenarios/demo/balloon.json --set low=16 --out /tmp/balloon\n"
         "  xenoscope compare scenarios/demo/balloon.json --models direct,translated --arch x86_64,ia64\n"
         "  xenoscope inspect /tmp/balloon/balloon/run.trace --domain 1\n"
         "  xenoscope boot " +
         xs::scenario::image_path("hello", "x86_64") +
         "\n"
         "Exit codes: 0 success, 3 skip, 4 error (input, host), 5 failure (expectation), 6 crash, 124 "
         "timeout,\n"
         "130 interrupted. docs/cli.md tells more.";
}

int dispatch(int argc, char** argv) {
  CLI::App app{"Simulates a machine on which a real hypervisor runs real guests, and shows who owns what.",
               "xenoscope"};
  app.footer(examples());
  app.set_version_flag("--version", "xenoscope " XS_VERSION);
  app.require_subcommand(1);
  xs::cli::Action action;
  for (const auto add : {xs::cli::add_run, xs::cli::add_run_one, xs::cli::add_compare, xs::cli::add_report,
                         xs::cli::add_boot, xs::cli::add_validate, xs::cli::add_list, xs::cli::add_disasm,
                         xs::cli::add_inspect, xs::cli::add_stream, xs::cli::add_bench,
                         xs::cli::add_bench_one, xs::cli::add_bench_guest, xs::cli::add_view})
    add(app, action);
  const auto named = [argv](const CLI::App* c) { return c->get_name() == argv[1]; };
  const auto commands = app.get_subcommands(nullptr);
  if (argc > 1 && argv[1][0] != '-' && std::none_of(commands.begin(), commands.end(), named))
    throw xs::Error(std::string("no command \"") + argv[1] + "\"; `xenoscope --help` lists them");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : static_cast<int>(xs::ExitCode::error);
  }
  return action();
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return dispatch(argc, argv);
  } catch (const xs::Error& e) {
    std::fprintf(stderr, "xenoscope: %s\n", e.what());
    return static_cast<int>(e.code());
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "xenoscope: out of memory\n");
  } catch (const std::exception& e) {
    std::fprintf(stderr, "xenoscope: internal error: %s\n", e.what());
  }
  return static_cast<int>(xs::ExitCode::error);
}
