#include "sim/debug/session.h"

#include <catch2/catch.hpp>

#include "sim/debug/packet.h"
#include "tests/unit/debug/fake_target.h"

using namespace xs;
using namespace xs::debug;
using Next = Reply::Next;

namespace {

struct Talk {
  test::FakeDebugTarget target;
  GdbSession session{target};
  std::string ask(std::string_view packet) { return session.handle(packet).text; }
  std::string monitor(std::string_view command) {
    return from_hex(ask("qRcmd," + to_hex(command))).value_or("?");
  }
};

}  // namespace

TEST_CASE("the session introduces itself") {
  Talk t;
  const std::string features = t.ask("qSupported:multiprocess+;swbreak+");
  for (const char* feature :
       {"PacketSize=8000", "qXfer:features:read+", "vContSupported+", "QStartNoAckMode+"})
    CHECK(features.find(feature) != std::string::npos);
  CHECK(t.session.acknowledges());
  CHECK(t.ask("QStartNoAckMode") == "OK");
  CHECK_FALSE(t.session.acknowledges());
  CHECK(t.ask("vMustReplyEmpty").empty());
  CHECK(t.ask("vCont?") == "vCont;c;C;s;S");
  CHECK(t.ask("?") == "T02thread:101;");
}

TEST_CASE("the register description names every register, in pieces as asked for") {
  Talk t;
  std::string xml;
  for (;;) {
    char request[80];
    std::snprintf(request, sizeof request, "qXfer:features:read:target.xml:%zx,40", xml.size());
    const std::string part = t.ask(request);
    REQUIRE_FALSE(part.empty());
    xml += part.substr(1);
    if (part[0] == 'l') break;
    REQUIRE(part[0] == 'm');
  }
  for (const DebugRegister& r : test::FakeCpu::rows)
    CHECK(xml.find(std::string("<reg name=\"") + r.name + "\" bitsize=\"" + std::to_string(r.bits)) !=
          std::string::npos);
  CHECK(xml.find("id=\"vec128\"") != std::string::npos);
  CHECK(t.ask("qXfer:features:read:target.xml:ffffff,40") == "E01");
  CHECK(t.ask("qXfer:features:read:other.xml:0,40").empty());
}

TEST_CASE("threads are VCPUs, wherever they are, and cores without any") {
  Talk t;
  CHECK(t.ask("qfThreadInfo") == "m101,2,201");
  CHECK(t.ask("qsThreadInfo") == "l");
  CHECK(from_hex(t.ask("qThreadExtraInfo,101")) == "dom0 vcpu0 (running on cpu0)");
  CHECK(from_hex(t.ask("qThreadExtraInfo,201")) == "dom1 vcpu0 (blocked): a & <b>");
  const std::string xml = t.ask("qXfer:threads:read::0,1000");
  CHECK(xml.find(R"x(<thread id="101" core="0" name="dom0 vcpu0 (running on cpu0)">)x") != std::string::npos);
  CHECK(xml.find(R"x(<thread id="201" name="dom1 vcpu0 (blocked)">a &amp; &lt;b&gt;</thread>)x") !=
        std::string::npos);
  CHECK(t.ask("T2") == "OK");
  CHECK(t.ask("T3") == "E01");
  CHECK(t.ask("Hg201") == "OK");
  CHECK(t.ask("qC") == "QC201");
  CHECK(t.ask("Hg3") == "E01");
}

TEST_CASE("a VCPU on no core is looked at through what was saved of it, and its step is over at once") {
  Talk t;
  t.target.saved.values[0][0] = 0x77;
  t.target.cores[0].values[0][0] = 0x11;
  CHECK(t.ask("Hg201") == "OK");
  CHECK(t.ask("p0") == "7700000000000000");
  const Reply step = t.session.handle("vCont;s:201;c");
  CHECK(step.next == Next::stay);
  CHECK(step.text == "T05thread:201;");
  CHECK_FALSE(t.target.cores[0].step);
  CHECK(t.session.handle("vCont;c:201").next == Next::resume);
}

TEST_CASE("threads move; a step that takes its VCPU off the core is that VCPU's") {
  Talk t;
  CHECK(t.session.handle("vCont;s:101;c").next == Next::resume);
  CHECK(t.target.cores[0].step);
  t.target.switched = true;
  t.session.stopped(0, {DebugStop::Why::step, {}});
  CHECK(t.session.stop_reply() == "T05thread:101;");
  CHECK(t.ask("qfThreadInfo") == "m201,2,101");
  t.session.handle("vCont;c");
  t.session.stopped(0, {DebugStop::Why::request, {}});
  CHECK(t.session.stop_reply() == "T02thread:201;");
}

TEST_CASE("registers, all and one by one") {
  Talk t;
  t.target.cores[0].values[0][0] = 0x34;
  t.target.cores[1].values[1][7] = 0xff;
  CHECK(t.ask("g").substr(0, 18) == "340000000000000000");
  CHECK(t.ask("g").size() == 2 * (8 + 8 + 4 + 16));
  CHECK(t.ask("p0") == "3400000000000000");
  CHECK(t.ask("p4") == "E01");
  t.ask("Hg2");
  CHECK(t.ask("p1") == "00000000000000ff");
  CHECK(t.ask("P0=0100000000000000") == "OK");
  CHECK(t.target.cores[1].values[0][0] == 1);
  CHECK(t.ask("P2=01000000") == "E01");
  CHECK(t.ask("P0=01") == "E01");
  CHECK(t.ask("G" + std::string(72, '2')) == "OK");
  CHECK(t.target.cores[1].values[3][15] == 0x22);
  CHECK(t.target.cores[1].values[2][0] == 0);
}

TEST_CASE("memory by virtual and physical addresses") {
  Talk t;
  t.target.memory[0xffe] = 0xab;
  CHECK(t.ask("m100001ffe,4") == "ab000000");
  CHECK(t.ask("m1ffe,4") == "E14");
  CHECK(t.ask("M100001fff,3:010203") == "OK");
  CHECK(t.target.memory[0x1000] == 2);
  CHECK(t.ask("X100001fff,2:\x07\x08") == "OK");
  CHECK(t.target.memory[0xfff] == 7);
  CHECK(t.ask("M100001fff,3:0102") == "E01");
  CHECK(t.ask("m100001ffe,ffffffff") == "E01");
  CHECK(t.ask("Qqemu.PhyMemMode:1") == "OK");
  CHECK(t.ask("qqemu.PhyMemMode") == "1");
  CHECK(t.ask("m1ffe,2") == "ab07");
  CHECK(t.ask("mffffffffffffffff,2") == "E14");
  CHECK(t.monitor("phys 0x1ffe 2") == "1ffe: ab 07\n");
  CHECK(t.monitor("phys 10ff0 20").find("11000: not DRAM") != std::string::npos);
}

TEST_CASE("memory that registers hold is seen as they have it, mapped or not") {
  Talk t;
  t.target.memory[0xffe] = 0xab;
  auto& core = t.target.cores[0];
  core.held = {1, 2}, core.held_from = 0x100001fff;
  CHECK(t.ask("m100001ffe,4") == "ab010200");
  core.held_from = 0x1000;
  CHECK(t.ask("m1000,2") == "0102");
  CHECK(t.ask("m1000,3") == "E14");
  CHECK(t.ask("Qqemu.PhyMemMode:1") == "OK");
  CHECK(t.ask("m1000,2") == "0000");
}

TEST_CASE("breakpoints and watchpoints reach every core, once, and go with the session") {
  Talk t;
  CHECK(t.ask("Z0,ffff800000001000,1") == "OK");
  CHECK(t.ask("Z0,ffff800000001000,1") == "OK");
  CHECK(t.ask("Z2,2000,8") == "OK");
  CHECK(t.ask("Z3,2008,4") == "OK");
  CHECK(t.ask("Z4,2010,1") == "OK");
  for (const auto& core : t.target.cores) {
    REQUIRE(core.points.size() == 4);
    CHECK(core.points[0].kind == DebugAccess::execute);
    CHECK(core.points[1].kind == DebugAccess::write);
    CHECK(core.points[1].size == 8);
    CHECK(core.points[2].kind == DebugAccess::read);
    CHECK(core.points[3].kind == DebugAccess::access);
  }
  CHECK(t.ask("z0,ffff800000001000,1") == "OK");
  CHECK(t.ask("z0,ffff800000001000,1") == "OK");
  CHECK(t.target.cores[1].points.size() == 3);
  CHECK(t.ask("Z5,0,1").empty());
  CHECK(t.ask("Z2,0,0") == "E01");
  for (unsigned i = 0; i < 3000; ++i) t.ask("Z0," + std::to_string(i) + ",1");
  CHECK(t.target.cores[0].points.size() <= 1024);
  t.session.leave();
  CHECK(t.target.cores[0].points.empty());
}

TEST_CASE("stops are told with thread and reason") {
  Talk t;
  t.ask("qSupported:swbreak+");
  t.session.stopped(1, {DebugStop::Why::breakpoint, {}});
  CHECK(t.ask("?") == "T05swbreak:;thread:2;");
  t.session.stopped(0, {DebugStop::Why::watchpoint, {DebugAccess::read, 0x1234, 4}});
  CHECK(t.ask("?") == "T05rwatch:1234;thread:101;");
  t.session.stopped(0, {DebugStop::Why::request, {}});
  CHECK(t.ask("?") == "T02thread:101;");
  CHECK(GdbSession::exit_reply(6) == "W06");
}

TEST_CASE("going on") {
  Talk t;
  const auto resumes = [&](std::string_view packet) {
    const Reply r = t.session.handle(packet);
    return r.next == Next::resume && r.silent;
  };
  auto& cores = t.target.cores;
  CHECK(resumes("vCont;s:2;c"));
  CHECK_FALSE(cores[0].step);
  CHECK(cores[1].step);
  CHECK(resumes("vCont;c"));
  CHECK_FALSE(cores[1].step);
  CHECK(resumes("s"));
  CHECK(cores[0].step);
  CHECK_FALSE(cores[1].step);
  CHECK(resumes("vCont;S05:101;C05:-1"));
  CHECK(resumes("c"));
  CHECK(t.ask("vCont;x") == "E01");
  CHECK(t.ask("vCont;s:9") == "E01");
  CHECK(t.ask("vCont;") == "E01");
  CHECK(t.session.handle("D").next == Next::detach);
  CHECK(t.session.handle("k").next == Next::kill);
  t.session.stopped(1, {DebugStop::Why::step, {}});
  CHECK_FALSE(cores[0].step);
}

TEST_CASE("monitor commands") {
  Talk t;
  CHECK(t.monitor("symbols") == "symbol-file a\nadd-symbol-file b\n");
  CHECK(t.monitor("threads") ==
        "dom0 vcpu0 (running on cpu0)\ncpu1 (no VCPU)\ndom1 vcpu0 (blocked): a & <b>\n");
  CHECK(t.monitor("time") == "1.500000 ms\n");
  CHECK(t.monitor("help").find("phys ADDRESS") == 0);
  CHECK(t.monitor("phys") == t.monitor("help"));
  CHECK(t.monitor("phys 0x2000 0xffffff") == t.monitor("help"));
  CHECK(t.ask("qRcmd,6") == "E01");
}
