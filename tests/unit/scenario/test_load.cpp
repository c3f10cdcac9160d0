// From file to Scenario: schema errors, parameters, loops, and the lines typed on the operator channel.
#include <catch2/catch.hpp>
#include <string>

#include "sim/scenario/scenario.h"

using namespace xs;
using namespace xs::scenario;

namespace {

Scenario load(const std::string& text, const Settings& settings = {}, const std::string& arch = "x86_64") {
  return load_scenario(JsonSource::parse("f.json", text), settings, arch);
}

std::string error_of(const std::string& text, const Settings& settings = {}) {
  try {
    load(text, settings);
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::error);
    return e.what();
  }
  return "no error";
}

/// A scenario with one domain `web` and these steps.
std::string with_steps(const std::string& steps) {
  return R"({"name":"t","parameters":{"mib":32,"who":"web","list":[1,2]},
"domains":[{"name":"web","memory":64}],
"steps":[)" +
         steps + "]}";
}

std::string line_of(const Step& s) { return std::get<Command>(s.action).line; }

}  // namespace

TEST_CASE("a small scenario is loaded with its defaults") {
  const Scenario s = load(with_steps(R"({"create":"web"})"));
  CHECK(s.name == "t");
  CHECK(s.seed == 1);
  CHECK(s.limits.simulated_ps == 60 * ps_per_s);
  REQUIRE(s.steps.size() == 1);
  CHECK(line_of(s.steps[0]) == "create name=web kernel=kernel memory=64");
  CHECK(s.steps[0].position.line == 3);
  CHECK(s.steps[0].pointer == "/steps/0");
}

TEST_CASE("every operator verb becomes its line") {
  const Scenario s = load(with_steps(R"(
    {"create":{"domain":"web","paused":true,"memory":48}}, {"mem-set":{"domain":"web","memory":32}},
    {"mem-max":{"domain":"web","memory":64}}, {"pause":"web"}, {"unpause":"web"}, {"shutdown":"web"},
    {"destroy":"web"}, {"list":{}}, {"info":{}}, {"debug-keys":"q"},
    {"log-dirty":{"domain":"web","operation":"clean"}},
    {"mem-set":{"domain":"dom0","memory":100}}, {"shutdown-host":{}})"));
  const char* lines[] = {"create name=web kernel=kernel memory=48 maxmem=64 paused=1",
                         "mem-set web 32",
                         "mem-max web 64",
                         "pause web",
                         "unpause web",
                         "shutdown web",
                         "destroy web",
                         "list",
                         "info",
                         "debug-keys q",
                         "log-dirty web clean",
                         "mem-set Domain-0 100",
                         "shutdown-host"};
  REQUIRE(s.steps.size() == std::size(lines));
  for (std::size_t i = 0; i < s.steps.size(); ++i) CHECK(line_of(s.steps[i]) == lines[i]);
}

TEST_CASE("disks: dom0's own, and those of domains") {
  const Scenario s = load(R"({"name":"t","parameters":{"what":"file:kernel"},"dom0":{"disk":{"mib":8}},
"domains":[{"name":"web","memory":64}],"steps":[
  {"block-attach":{"domain":"web","target":"disk","mode":"w"}},
  {"block-attach":{"domain":"web","target":"disk:8+100","vdev":"xvdp"}},
  {"block-attach":{"domain":"web","target":"${what}"}}, {"hash":"kernel"}]})");
  CHECK(s.dom0.disk_mib == 8);
  CHECK(line_of(s.steps[0]) == "block-attach web disk xvda w");
  CHECK(std::get<Command>(s.steps[0].action).domain == "web");
  CHECK(line_of(s.steps[1]) == "block-attach web disk:8+100 xvdp r");
  CHECK(line_of(s.steps[2]) == "block-attach web file:kernel xvda r");
  CHECK(line_of(s.steps[3]) == "hash kernel");
  CHECK(load(with_steps("")).dom0.disk_mib == 0);
  CHECK(error_of(with_steps(R"({"block-attach":{"domain":"db","target":"disk"}})"))
            .find("/steps/0/block-attach/domain") != std::string::npos);
  CHECK(error_of(with_steps(R"({"block-attach":{"domain":"web"}})")).find("key \"target\" is missing") !=
        std::string::npos);
  for (const char* wrong :
       {R"("target":"disk x")", R"("target":"disk","mode":"rw")", R"("target":"disk","vdev":"xvdq")"})
    CHECK(error_of(with_steps(R"({"block-attach":{"domain":"web",)" + std::string(wrong) + "}}"))
              .find("/steps/0/block-attach/") != std::string::npos);
  CHECK(error_of(R"({"name":"t","dom0":{"disk":{}},"steps":[]})").find("key \"mib\" is missing") !=
        std::string::npos);
}

TEST_CASE("domain keys reach the create line") {
  const Scenario s = load(R"({"name":"t","domains":[{"name":"db","memory":32,"maxmem":96,"vcpus":2,
    "kernel":"out/x/test-a.elf","extra":"loops=3 verbose","on_crash":"preserve"}],"steps":[{"create":"db"}]})");
  CHECK(line_of(s.steps[0]) ==
        "create name=db kernel=test-a.elf memory=32 maxmem=96 vcpus=2 extra=\"loops=3 verbose\"");
  CHECK(s.domain("db")->on_crash == OnCrash::preserve);
}

TEST_CASE("schema violations name the place and what is allowed") {
  CHECK(error_of("{\"name\":\"t\",\n\"stepz\":[]}") == "f.json:2:9: /stepz: unknown key \"stepz\"");
  CHECK(error_of("{\"name\":\"t\"}") == "f.json:1:1: /: key \"steps\" is missing");
  CHECK(error_of(with_steps(R"({"creat":"web"})")) == "f.json:3:19: /steps/0/creat: unknown key \"creat\"");
  CHECK(error_of(with_steps(R"({"list":{}},{"mem-set":{"domain":"web","memory":-1}})")) ==
        "f.json:3:58: /steps/1/mem-set/memory: out of range, must be from 0 to 1048576");
  CHECK(
      error_of(with_steps(R"({"mem-set":{"domain":"web","memory":1e30}})")).find("/steps/0/mem-set/memory") !=
      std::string::npos);
  CHECK(error_of(with_steps(R"({"pause":7})")) ==
        "f.json:3:19: /steps/0/pause: wrong type, must be \"string\"");
  CHECK(error_of(with_steps(R"({"wait":{"event":"boom"}})")).find("must be one of [\"boot\"") !=
        std::string::npos);
  CHECK(error_of(with_steps(R"({"repeat":{"times":2,"steps":[{"bad":1}]}})"))
            .find("/steps/0/repeat/steps/0/bad: unknown key \"bad\"") != std::string::npos);
  CHECK(error_of("[]").find("f.json:1:1: /: wrong type, must be \"object\"") == 0);
}

TEST_CASE("absurd memory sizes are out of range") {
  for (const char* mib : {"0", "1048577", "99999999999999999999", "-5", "1.5", "true"}) {
    INFO(mib);
    const std::string e =
        error_of(std::string(R"({"name":"t","domains":[{"name":"w","memory":)") + mib + R"(}],"steps":[]})");
    CHECK(e.find("/domains/0/memory") != std::string::npos);
  }
}

TEST_CASE("what the schema cannot say") {
  CHECK(error_of(with_steps("{}")).find("/steps/0") != std::string::npos);
  CHECK(error_of(with_steps(R"({"name":"x"})")) == "f.json:3:10: /steps/0: has no action");
  CHECK(error_of(with_steps(R"({"pause":"web","list":{}})")).find("has two actions") != std::string::npos);
  CHECK(error_of(with_steps(R"({"create":"db"})")) ==
        "f.json:3:20: /steps/0/create: no domain \"db\" in domains");
  CHECK(error_of(with_steps(R"({"wait":{"console":"nobody","text":"x"}})")).find("\"nobody\" is neither") !=
        std::string::npos);
  CHECK(error_of(with_steps(R"({"wait":{"console":"xen"}})")).find("exactly one of \"text\" and \"regex\"") !=
        std::string::npos);
  CHECK(error_of(with_steps(R"({"wait":{"console":"xen","regex":"(["}})"))
            .find("f.json:3:43: /steps/0/wait/regex: not a regular expression") == 0);
  CHECK(
      error_of(with_steps(
                   R"({"expect":{"ownership":[{"owner":"web","mib":{"equals":1},"frames":{"equals":1}}]}})"))
          .find("exactly one of \"mib\" and \"frames\"") != std::string::npos);
  CHECK(error_of(with_steps(R"({"wait":{"time_ms":1},"status":"0"})")).find("/steps/0/status: goes with") !=
        std::string::npos);
  CHECK(error_of(R"({"name":"t","domains":[{"name":"a","memory":1},{"name":"a","memory":1}],"steps":[]})") ==
        "f.json:1:56: /domains/1/name: a second domain named \"a\"");
  CHECK(error_of(R"({"name":"t","domains":[{"name":"a","memory":2,"maxmem":1}],"steps":[]})")
            .find("/domains/0/maxmem: smaller than memory") != std::string::npos);
  CHECK(error_of(R"({"name":"t","domains":[{"name":"a","memory":2,"extra":"x\"y"}],"steps":[]})")
            .find("quotes and line ends") != std::string::npos);
}

TEST_CASE("a parameter can have another default on an architecture") {
  const auto text = [](const std::string& ia64) {
    return R"({"name":"t","parameters":{"mib":32},"arch_parameters":{"ia64":)" + ia64 + R"(},
"domains":[{"name":"web","memory":64}],"steps":[{"mem-set":{"domain":"web","memory":"${mib}"}}]})";
  };
  const std::string good = text(R"({"mib":40})");
  CHECK(line_of(load(good).steps[0]) == "mem-set web 32");
  CHECK(line_of(load(good, {}, "ia64").steps[0]) == "mem-set web 40");
  CHECK(line_of(load(good, {{"mib", "48"}}, "ia64").steps[0]) == "mem-set web 48");
  const auto refused = [&](const std::string& ia64) {
    try {
      load(text(ia64), {}, "ia64");
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string("no error");
  };
  CHECK(refused(R"({"nix":1})") ==
        "f.json:1:70: /arch_parameters/ia64/nix: has no default among \"parameters\"");
  CHECK(refused(R"({"mib":"x"})").find("/arch_parameters/ia64/mib: must be a number") != std::string::npos);
  CHECK(error_of(R"({"name":"t","arch_parameters":{"sparc":{}},"steps":[]})").find("sparc") !=
        std::string::npos);
}

TEST_CASE("captions and views are those of their steps, and of the boot") {
  const Scenario s = load(R"({"name":"t","caption":"boots","parameters":{"text":"some words"},
"domains":[{"name":"web","memory":64}],
"steps":[{"create":"web","caption":"${text}","view":{"tab":"p2m","domain":"web","colour":"type","compare":true}},{"list":{}}]})");
  CHECK(s.boot_guide.caption == "boots");
  CHECK(s.boot_guide.view.empty());
  CHECK(s.steps[0].guide.caption == "some words");
  CHECK(s.steps[0].guide.view == "tab=p2m colour=type domain=web compare");
  CHECK(s.steps[1].guide.caption.empty());
  CHECK(error_of(with_steps(R"({"list":{},"view":{"domain":"nobody"}})")) ==
        "f.json:3:38: /steps/0/view/domain: no domain \"nobody\"");
  CHECK(error_of(with_steps(R"({"list":{},"view":{"tab":"nothing"}})")).find("/steps/0/view/tab") !=
        std::string::npos);
}

TEST_CASE("parameters keep their type, can be set, and must exist") {
  const std::string text =
      with_steps(R"({"mem-set":{"domain":"${who}","memory":"${mib}"},"name":"to ${mib} MiB"})");
  CHECK(line_of(load(text).steps[0]) == "mem-set web 32");
  CHECK(load(text).steps[0].name == "to 32 MiB");
  CHECK(line_of(load(text, {{"mib", "48"}}).steps[0]) == "mem-set web 48");
  CHECK(error_of(text, {{"mib", "lots"}}).find("/parameters/mib: --set mib=lots: must be a number") !=
        std::string::npos);
  CHECK(error_of(text, {{"nix", "1"}}) ==
        "f.json:1:26: /parameters: has no parameter \"nix\" to be set on the command line");
  CHECK(error_of(with_steps(R"({"pause":"${nobody}"})")) ==
        "f.json:3:19: /steps/0/pause: no parameter \"nobody\"");
  CHECK(error_of(with_steps(R"({"mem-set":{"domain":"web","memory":"${who}"}})"))
            .find("f.json:3:46: /steps/0/mem-set/memory") == 0);
}

TEST_CASE("every scenario can be run in another memory model, but for domains that name theirs") {
  const std::string text = R"({"name":"t","domains":[{"name":"web","memory":64},
    {"name":"own","memory":64,"model":"translated","shadow_memory":3},{"name":"fixed","memory":64,"model":"direct"}],
    "steps":[{"create":"web"},{"create":"own"},{"create":"fixed"}]})";
  const Scenario plain = load(text),
                 set = load(text, {{"model", "translated"}, {"dom0_model", "translated"}});
  CHECK(plain.dom0.model == "direct");
  CHECK(set.dom0.model == "translated");
  CHECK(line_of(plain.steps[0]) == "create name=web kernel=kernel memory=64");
  CHECK(line_of(set.steps[0]) == "create name=web kernel=kernel memory=64 model=translated");
  for (const Scenario* s : {&plain, &set}) {
    CHECK(line_of(s->steps[1]) == "create name=own kernel=kernel memory=64 model=translated shadow_memory=3");
    CHECK(line_of(s->steps[2]) == "create name=fixed kernel=kernel memory=64");
  }
  CHECK(error_of(text, {{"model", "quantum"}}).find("/domains/0/model") != std::string::npos);
  CHECK(error_of(text, {{"dom0_model", "quantum"}}).find("/dom0/model") != std::string::npos);
}

TEST_CASE("every scenario can be run with an IOMMU, but those that say whether there is one") {
  const std::string plain = R"({"name":"t","steps":[{"list":{}}]})";
  CHECK(load(plain).machine_json == Scenario{}.machine_json);
  CHECK(load(plain, {{"iommu", "false"}}).machine_json == Scenario{}.machine_json);
  CHECK(load(plain, {{"iommu", "true"}}).machine_json == R"({"iommu":true})");
  const std::string none = R"({"name":"t","machine":{"cpus":2,"iommu":false},"steps":[{"list":{}}]})";
  CHECK(load(none, {{"iommu", "true"}}).machine_json == R"({"cpus":2,"iommu":false})");
  CHECK(
      error_of(plain, {{"iommu", "maybe"}}).find("/parameters/iommu: --set iommu=maybe: must be a boolean") !=
      std::string::npos);
}

TEST_CASE("loops are unrolled and their steps keep their place in the file") {
  const Scenario s = load(with_steps(R"(
{"for":{"parameter":"m","in":[16,"${mib}"],"steps":[
  {"mem-set":{"domain":"web","memory":"${m}"}},
  {"repeat":{"times":2,"steps":[{"list":{},"name":"look ${iteration} at ${m}"}]}}]}},
{"for":{"parameter":"n","in":"${list}","steps":[{"info":{},"name":"n=${n}"}]}},
{"repeat":{"times":0,"steps":[{"info":{}}]}})"));
  const char* names[] = {"mem-set web 16", "look 1 at 16", "look 2 at 16", "mem-set web 32",
                         "look 1 at 32",   "look 2 at 32", "n=1",          "n=2"};
  REQUIRE(s.steps.size() == std::size(names));
  for (std::size_t i = 0; i < s.steps.size(); ++i) CHECK(s.steps[i].name == names[i]);
  CHECK(s.steps[4].pointer == "/steps/0/for/steps/1/repeat/steps/0");
  CHECK(s.steps[4].position.line == 6);
}

TEST_CASE("errors inside loops name the file's place, and loops cannot explode") {
  CHECK(error_of(with_steps(R"(
{"for":{"parameter":"m","in":[1],"steps":[{"pause":"${m}"}]}})"))
            .find("f.json:4:52: /steps/0/for/steps/0/pause") == 0);
  CHECK(error_of(
            with_steps(
                R"({"repeat":{"times":10000,"steps":[{"repeat":{"times":10000,"steps":[{"list":{}}]}}]}})"))
            .find("more than 20000 steps") != std::string::npos);
  CHECK(error_of(with_steps(R"({"repeat":{"times":"${who}","steps":[{"list":{}}]}})"))
            .find("times: must be an integer") != std::string::npos);
  std::string nested = R"({"list":{}})";
  for (int i = 0; i < 8; ++i)
    nested = R"({"repeat":{"times":10000,"steps":[]}},{"repeat":{"times":2,"steps":[)" + nested + "]}}";
  CHECK(load(with_steps(nested)).steps.size() == 256);
}

TEST_CASE("a counter that cannot be is an error with its place and the nearest name") {
  const auto expecting = [](const std::string& name) {
    return error_of(R"({"name":"t","machine":{"cpus":2},"steps":[],"expect":[
{"counters":{")" + name +
                    R"(":{"at_least":1}}}]})");
  };
  CHECK(expecting("hypercall.memory_op.populate_phymap") ==
        "f.json:2:52: /expect/0/counters/hypercall.memory_op.populate_phymap: no counter "
        "\"hypercall.memory_op.populate_phymap\"; the nearest name is "
        "\"hypercall.memory_op.populate_physmap\"");
  CHECK(expecting("mmu.mises").find("the nearest name is \"mmu.misses\"") != std::string::npos);
  CHECK(expecting("cpu2.instructions").find("the nearest name is \"cpu0.instructions\"") !=
        std::string::npos);
  for (const char* wrong :
       {"traps", "", "hypercall.", "hypercall.memory_op", "hypercall.memory_op.0", "hypercall.memory_op.6",
        "hypercall.memory_op.06", "hypercall.memory_op.64", "hypercall.hypercall_12",
        "hypercall.hypercall_99.0", "hypercall.mmu_update", "hypercall.iret.0", "hypercall.made_up.3"})
    CHECK(expecting(wrong).find("no counter \"" + std::string(wrong) + "\"") != std::string::npos);
  for (const char* right :
       {"machine.instructions", "cpu1.instructions", "observer.taps", "hypercall.iret",
        "hypercall.memory_op.populate_physmap", "hypercall.memory_op.44", "hypercall.domctl.max_mem",
        "hypercall.hypercall_99", "hypercall.hypercall_99.7", "hypercall.iret.5"})
    CHECK(expecting(right) == "no error");
}

TEST_CASE("expectations are decoded with their bounds") {
  const Scenario s = load(R"({"name":"t","steps":[],"expect":[
    {"counters":{"machine.exceptions":{"at_least":1}},"events":[{"event":"domain-state","state":"dead","count":{"equals":2}}]},
    {"ownership":[{"owner":"free","mib":{"at_least":10,"at_most":20}}],
     "console":[{"source":"xen","text":"boo","absent":true}]}]})");
  REQUIRE(s.steps.size() == 1);
  const auto& e = std::get<Expect>(s.steps[0].action);
  REQUIRE(e.size() == 4);
  CHECK(std::get<ExpectOwnership>(e[2].what).range.text() == "at least 10 and at most 20");
  CHECK(e[2].pointer == "/expect/1/ownership/0");
  CHECK_FALSE(std::get<ExpectConsole>(e[3].what).present);
  CHECK(Range{{}, 1.0, 2.0}.holds(2));
  CHECK_FALSE(Range{{}, 1.0, 2.0}.holds(2.5));
  CHECK_FALSE(Range{3.0, {}, {}}.holds(2));
}
