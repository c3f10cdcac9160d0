// Taking the serial stream and the operator channel apart.
#include <catch2/catch.hpp>

#include "sim/scenario/console_log.h"
#include "sim/scenario/operator_channel.h"

using namespace xs;
using namespace xs::scenario;

TEST_CASE("serial lines are told apart by their prefix") {
  const auto source = [](const char* line) { return split_serial_line(line, 0).source; };
  const auto text = [](const char* line) { return split_serial_line(line, 0).text; };
  CHECK(source("(XEN) hello") == "xen");
  CHECK(text("(XEN) hello") == "hello");
  CHECK(text("(XEN)    [<ffff>]") == "   [<ffff>]");
  CHECK(text("(XEN)") == "");
  CHECK(source("(d0) x") == "dom0");
  CHECK(source("(d12) x") == "dom12");
  CHECK(text("(d12) x") == "x");
  CHECK(text("(d12)") == "");
  CHECK(source("(d) x") == "serial");
  CHECK(source("(d1 x") == "serial");
  CHECK(source("xen says") == "serial");
  CHECK(source("") == "serial");
}

TEST_CASE("lines are cut from any division of the bytes") {
  const std::string bytes = "(XEN) one\r\n(d1) two\n\npart";
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    std::vector<std::string> lines;
    LineCutter cutter([&](std::string l, u64) { lines.push_back(std::move(l)); });
    for (std::size_t at = 0; at < bytes.size(); at += cut) cutter.feed(bytes.substr(at, cut), 7);
    cutter.flush(8);
    CHECK(lines == std::vector<std::string>{"(XEN) one", "(d1) two", "", "part"});
  }
}

TEST_CASE("control bytes are made visible and endless lines are cut") {
  std::vector<std::string> lines;
  LineCutter cutter([&](std::string l, u64) { lines.push_back(std::move(l)); });
  cutter.feed(std::string("a\0b\x1b[0m\xff\n", 9), 0);
  cutter.feed(std::string(3000, 'x'), 0);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "a\\x00b\\x1b[0m\\xff");
  CHECK(lines[1].size() == LineCutter::max_line);
}

TEST_CASE("an answer is complete when the prompt is back") {
  OperatorChannel channel([](std::string, u64) {});
  CHECK_FALSE(channel.ready());
  channel.feed("xl", 0);
  CHECK_FALSE(channel.ready());
  channel.feed("> ", 0);
  CHECK(channel.ready());
  channel.typed("create name=a", 0);
  CHECK_FALSE(channel.ready());
  channel.feed("building\n= ENOMEM not enough free memory: need 65536 KiB\n", 0);
  CHECK_FALSE(channel.ready());
  channel.feed("xl> ", 0);
  CHECK(channel.ready());
  CHECK(channel.answer().status == "ENOMEM");
  CHECK(channel.answer().sentence == "not enough free memory: need 65536 KiB");
  CHECK(channel.answer().lines == std::vector<std::string>{"building"});
  channel.typed("list", 0);
  CHECK(channel.answer().status.empty());
  channel.feed("list\nName ID\n= 0\nxl> ", 0);
  CHECK(channel.answer().status == "0");
  CHECK(channel.answer().lines == std::vector<std::string>{"Name ID"});
}

TEST_CASE("notices belong to no answer, and their prompt ends none") {
  std::vector<std::string> lines;
  OperatorChannel channel([&](std::string l, u64) { lines.push_back(std::move(l)); });
  channel.feed("xl> * domain 1 shutdown\nxl> ", 0);
  CHECK(channel.ready());
  CHECK(lines == std::vector<std::string>{"* domain 1 shutdown"});
  channel.typed("list", 0);
  channel.feed("* domain 2 shutdown\nxl> ", 0);
  CHECK_FALSE(channel.ready());
  channel.feed("Name ID\n* domain 3 crashed\n= 0\nxl> ", 0);
  CHECK(channel.ready());
  CHECK(channel.answer().lines == std::vector<std::string>{"Name ID"});
}

TEST_CASE("searching a console starts behind the last match") {
  ConsoleLog log;
  for (const char* text : {"tick 1", "tick 2", "tock"}) log.add({"dom1", text, 0});
  log.add({"xen", "tick 9", 0});
  const TextPattern tick{"tick", false}, number{"^t.ck [0-9]$", true};
  CHECK(log.find("dom1", tick, 0) == 1);
  CHECK(log.find("dom1", tick, 1) == 2);
  CHECK(log.find("dom1", tick, 2) == 0);
  CHECK(log.find("dom1", number, 1) == 2);
  CHECK(log.find("nobody", tick, 0) == 0);
}
