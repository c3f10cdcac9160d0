// `bench`: how fast the simulator is, against the processor, a bare Unicorn and QEMU, in one run.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "sim/bench/table.h"
#include "sim/bench/yardsticks.h"
#include "sim/cli/bench_hypervisor.h"
#include "sim/cli/bench_view.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/core/error.h"
#include "sim/scenario/image_name.h"

namespace xs::cli {
namespace {

using bench::Payload;
using Words = std::vector<std::string>;

struct BenchOptions {
  std::string what, json;
  Words archs;
  std::vector<std::string> payloads;
  unsigned rounds = 7;
  double seconds = 5;
};

std::string image(const std::string& name) { return scenario::image_path(name, "x86_64"); }

std::string self() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

/// A folder for the machine file and the trace that some rows need; goes with the command.
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "xenoscope-bench-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw Error("cannot create a temporary folder");
    folder_ = name;
    std::ofstream(exact()) << "{\"fidelity\": \"exact\"}\n";
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string exact() const { return folder_ / "exact.json"; }
  std::string trace() const { return folder_ / "run.trace"; }

 private:
  std::filesystem::path folder_;
};

Words plus(Words words, std::initializer_list<std::string> more) {
  words.insert(words.end(), more);
  return words;
}

Words qemu(const std::string& kernel, const std::string& module) {
  Words words = {"qemu-system-x86_64",
                 "-M",
                 "microvm,acpi=on,pic=on,pit=on,rtc=off",
                 "-cpu",
                 "qemu64,+pdpe1gb",
                 "-accel",
                 "tcg",
                 "-m",
                 "512",
                 "-nodefaults",
                 "-no-user-config",
                 "-no-reboot",
                 "-display",
                 "none",
                 "-serial",
                 "stdio",
                 "-device",
                 "isa-debug-exit,iobase=0xf4,iosize=4",
                 "-kernel",
                 kernel};
  if (!module.empty()) words = plus(words, {"-initrd", module});
  return words;
}

Words boot(const std::string& kernel, const std::string& module) {
  Words words = {self(), "boot", kernel, "--timeout", "1000"};
  if (!module.empty()) words = plus(words, {"--module", module});
  return words;
}

void add_machine_rows(Payload& p, const std::string& kernel, const std::string& module,
                      const Scratch& scratch) {
  const Words machine = boot(kernel, module);
  p.rows.push_back({"machine", machine});
  if (!module.empty())
    p.rows.push_back({"machine, trace written", plus(machine, {"--trace", scratch.trace()})});
  p.rows.push_back({"machine, exact", plus(machine, {"--machine", scratch.exact()})});
  if (bench::program_exists("qemu-system-x86_64")) p.rows.push_back({"qemu", qemu(kernel, module)});
}

const std::vector<std::string> both = {"unicorn", "qemu"};

Payload bare(const std::string& name, const std::string& what, const Scratch& scratch) {
  Payload p{name, what, name == "compute" ? bench::Figure::mips : bench::Figure::ns_per_operation, {}, both};
  const std::string file = image("bench-" + name);
  const auto row = [&](const char* label, const char* kind, const char* quantum) {
    p.rows.push_back({label, {self(), "bench-one", kind, file, "--quantum", quantum}});
  };
  if (p.shown == bench::Figure::mips) {
    row("native", "native", "0");
    row("unicorn", "unicorn", "0");
  }
  row("core with MMU", "core", "1000000000");
  row("core, exact counts", "core", "10000");
  add_machine_rows(p, file, "", scratch);
  return p;
}

Payload guest(const std::string& name, const std::string& what, const Scratch& scratch) {
  Payload p{name, what, bench::Figure::ns_per_operation, {}, both};
  add_machine_rows(p, image("hypervisor"), image("bench-" + name), scratch);
  return p;
}

std::vector<Payload> x86_payloads(const Scratch& scratch) {
  return {bare("compute", "sort, hash table, matrix, CRC, search tree, indirect calls", scratch),
          bare("page-tables", "remap a page, INVLPG, touch it; MOV to CR3 every 64th time", scratch),
          bare("traps", "INT and IRETQ", scratch),
          bare("faults", "#PF, map, return, unmap, INVLPG", scratch),
          bare("mmio", "read a device register", scratch),
          guest("hypercall", "the shortest hypercall", scratch),
          guest("pt-update", "update_va_mapping with INVLPG, touch", scratch),
          guest("switch", "stack_switch and MMUEXT_NEW_BASEPTR, touch 16 pages", scratch)};
}

struct Loop {
  const char *name, *what;
};
constexpr Loop loops[] = {
    {"alu", "slots of an integer loop"},
    {"mem", "slots; 1 MiB loaded, changed and stored"},
    {"call", "calls of a recursive function"},
    {"rse", "calls 200 deep: the register stack goes to memory and comes back"},
    {"copy", "slots; rotating registers, br.ctop"},
    {"fp", "slots; a chain of fma.d"},
    {"compiled", "items hashed, sorted, summed and walked along, by gcc -O2"},
    {"break", "break, a handler that skips it, rfi"},
    {"tlb-miss", "ptc.l, a load that misses, itc.d, rfi"},
};

/// One image has all loops, first physical, then translated. Ski runs it, too, when it is found.
std::vector<Payload> ia64_payloads() {
  const std::string file = scenario::image_path("bench", "ia64");
  std::vector<bench::Row> rows = {{"machine", {self(), "boot", file, "--timeout", "1000"}}};
  if (const char* ski = std::getenv("BSKI")) rows.push_back({"ski", {ski, "-noconsole", file}});
  std::vector<Payload> all;
  for (const char* mode : {"physical", "translated"})
    for (const Loop& loop : loops) {
      if (std::string(loop.name) == "tlb-miss" && std::string(mode) == "physical") continue;
      all.push_back({std::string(loop.name) + " " + mode, loop.what, bench::Figure::millions, rows, {"ski"}});
    }
  return all;
}

std::vector<Payload> wanted(std::vector<Payload> all, const Words& names) {
  if (names.empty()) return all;
  std::vector<Payload> some;
  for (const std::string& name : names) {
    const std::size_t before = some.size();
    std::copy_if(all.begin(), all.end(), std::back_inserter(some),
                 [&](const Payload& p) { return p.name == name || p.name.starts_with(name + " "); });
    if (some.size() == before) throw Error("no payload \"" + name + "\"; see `xenoscope bench --help`");
  }
  return some;
}

/// One line on a terminal, rewritten; nothing in a pipe.
class Progress {
 public:
  explicit Progress(unsigned rounds) : rounds_(rounds) {}
  void operator()(const std::string& payload, unsigned round, const std::string& row) const {
    if (shown_)
      std::fprintf(stderr, "\r\033[K%s %u/%u: %s", payload.c_str(), round + 1, rounds_, row.c_str());
  }
  void clear() const {
    if (shown_) std::fprintf(stderr, "\r\033[K");
  }

 private:
  const unsigned rounds_;
  const bool shown_ = isatty(STDERR_FILENO) != 0;
};

std::vector<bench::PayloadResult> run_x86(const std::vector<Payload>& payloads, unsigned rounds) {
  const Progress progress(rounds);
  std::vector<bench::PayloadResult> results;
  for (const Payload& p : payloads) {
    results.push_back(bench::run_payload(
        p, rounds, [&](unsigned round, const std::string& row) { progress(p.name, round, row); }));
    progress.clear();
    print(bench::text_of(results.back()));
  }
  return results;
}

std::vector<bench::PayloadResult> run_ia64(const std::vector<Payload>& payloads, unsigned rounds) {
  const Progress progress(rounds);
  auto results = bench::run_suite(
      payloads, rounds, [&](unsigned round, const std::string& row) { progress("all loops", round, row); });
  progress.clear();
  for (const bench::PayloadResult& r : results) print(bench::text_of(r));
  return results;
}

int run_hypervisor_bench(const BenchOptions& o) {
  if (!o.payloads.empty()) throw Error("--payload: bench hypervisor always measures everything");
  return bench_hypervisor(o.archs.empty() ? Words{"x86_64", "ia64"} : o.archs, o.rounds, o.json);
}

int run_view_bench(const BenchOptions& o) {
  if (!o.payloads.empty()) throw Error("--payload: bench view always measures everything");
  if (o.archs.size() > 1) throw Error("--arch: bench view runs one machine");
  return bench_view(o.archs.empty() ? "x86_64" : o.archs.front(), o.seconds, o.json);
}

int run_bench(const BenchOptions& o) {
  if (o.what == "hypervisor") return run_hypervisor_bench(o);
  if (o.what == "view") return run_view_bench(o);
  if (o.what != "x86" && o.what != "ia64")
    throw Error("no benchmark \"" + o.what + "\"; there are: x86, ia64, hypervisor, view");
  if (!o.archs.empty()) throw Error("--arch is for bench hypervisor and bench view");
  const Scratch scratch;
  const bool x86 = o.what == "x86";
  const std::vector<Payload> payloads = wanted(x86 ? x86_payloads(scratch) : ia64_payloads(), o.payloads);
  const auto results = x86 ? run_x86(payloads, o.rounds) : run_ia64(payloads, o.rounds);
  if (o.json.empty()) return 0;
  std::ofstream file(o.json);
  if (!(file << bench::json_of(results)).flush()) throw Error(o.json + ": cannot be written");
  return 0;
}

}  // namespace

void add_bench(CLI::App& app, Action& action) {
  auto o = std::make_shared<BenchOptions>();
  CLI::App* c = app.add_subcommand(
      "bench", "Measure the simulator's own speed, or what a kernel's requests cost in simulated counters");
  c->add_option("what", o->what,
                "x86 or ia64: the simulator's speed; hypervisor: simulated counters; view: pictures a second")
      ->required();
  c->add_option("--arch", o->archs, "hypervisor, view: only these architectures")
      ->delimiter(',')
      ->check(CLI::IsMember({"x86_64", "ia64"}))
      ->type_name("A,B");
  c->add_option("--payload", o->payloads,
                "Only these. x86: compute page-tables traps faults mmio hypercall pt-update switch; ia64:\n"
                "alu mem call rse copy fp compiled break tlb-miss")
      ->type_name("NAME");
  c->add_option("--rounds", o->rounds, "The best of so many counts")
      ->check(CLI::Range(1u, 1000u))
      ->capture_default_str();
  c->add_option("--seconds", o->seconds, "view: how long each row is measured")
      ->check(CLI::Range(0.1, 600.0))
      ->capture_default_str();
  c->add_option("--json", o->json, "Write the figures")->type_name("FILE");
  c->footer(
      "Rows are run in turn, so that a slow moment of the host hits all of them. docs/benchmarks.md\n"
      "Examples: xenoscope bench x86 --payload compute --rounds 3\n"
      "          xenoscope bench hypervisor --arch ia64");
  c->callback([o, &action] { action = [o] { return run_bench(*o); }; });
}

void add_bench_one(CLI::App& app, Action& action) {
  struct Options {
    std::string kind, image;
    u64 quantum = 0;
  };
  auto o = std::make_shared<Options>();
  CLI::App* c = app.add_subcommand("bench-one", "One measurement of `bench`")->group("");
  c->add_option("kind", o->kind)->required()->check(CLI::IsMember({"native", "unicorn", "core"}));
  c->add_option("image", o->image)->required();
  c->add_option("--quantum", o->quantum);
  c->callback([o, &action] {
    action = [o] {
      if (o->kind == "native") bench::run_native(o->image, print);
      if (o->kind == "unicorn") bench::run_bare_unicorn(o->image, print);
      if (o->kind == "core") bench::run_core(o->image, o->quantum, print);
      return 0;
    };
  });
}

}  // namespace xs::cli
