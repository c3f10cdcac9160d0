// The server over a real Unix socket, the peer in the same thread: it has always sent before the server
// looks.
#include "sim/debug/server.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "sim/core/error.h"
#include "tests/unit/debug/fake_target.h"

using namespace xs;
using namespace xs::debug;

namespace {

std::string socket_path() { return "/tmp/xenoscope-unit-" + std::to_string(getpid()) + ".sock"; }

class Peer {
 public:
  explicit Peer(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::strncpy(name.sun_path, path.c_str(), sizeof name.sun_path - 1);
    REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
  }
  ~Peer() { hang_up(); }
  void send(const std::string& bytes) {
    REQUIRE(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  }
  std::string received() {
    char buffer[65536];
    const ssize_t n = ::recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
    return n > 0 ? std::string(buffer, static_cast<std::size_t>(n)) : "";
  }
  void hang_up() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

struct Served {
  test::FakeDebugTarget target;
  bool leave = false, killed = false;
  GdbServer server{target, Address("unix:" + socket_path()), [this] { return leave; },
                   [this] { killed = true; }};
};

}  // namespace

TEST_CASE("a peer attaches at a quantum's end, looks, and lets the machine go on") {
  Served s;
  CHECK_FALSE(s.server.wants_stop(0));
  Peer peer(socket_path());
  REQUIRE(s.server.wants_stop(0));
  peer.send("+" + frame("?") + frame("Z0,1000,1") + frame("vCont;c"));
  s.server.on_stop(0, {DebugStop::Why::request, {}});
  CHECK(peer.received() == "+" + frame("T02thread:101;") + "+" + frame("OK") + "+");
  CHECK(s.target.cores[1].points.size() == 1);

  peer.send("\x03");
  CHECK(s.server.wants_stop(0));
  CHECK_FALSE(s.server.wants_stop(0));

  peer.send(frame("vCont;s:101;c"));
  s.server.on_stop(1, {DebugStop::Why::breakpoint, {}});
  CHECK(peer.received() == frame("T05thread:2;") + "+");
  CHECK(s.target.cores[0].step);
  s.server.ended(5);
  CHECK(peer.received() == frame("W05"));
  CHECK(s.target.cores[0].points.empty());
}

TEST_CASE("a peer that hangs up or detaches leaves nothing behind") {
  Served s;
  Peer peer(socket_path());
  REQUIRE(s.server.wants_stop(0));
  peer.send(frame("Z2,1000,4") + frame("vCont;s"));
  s.server.on_stop(0, {DebugStop::Why::request, {}});
  CHECK(s.target.cores[0].step);
  SECTION("while the machine runs") {
    peer.hang_up();
    CHECK_FALSE(s.server.wants_stop(0));
  }
  SECTION("while it is stopped") {
    peer.hang_up();
    s.server.on_stop(0, {DebugStop::Why::step, {}});
  }
  SECTION("politely") {
    peer.send(frame("D"));
    s.server.on_stop(0, {DebugStop::Why::step, {}});
  }
  CHECK(s.target.cores[0].points.empty());
  CHECK_FALSE(s.target.cores[0].step);
  s.server.on_stop(0, {DebugStop::Why::step, {}});
  Peer second(socket_path());
  CHECK(s.server.wants_stop(0));
}

TEST_CASE("kill, damage, a second peer, and a user who leaves") {
  Served s;
  Peer peer(socket_path());
  REQUIRE(s.server.wants_stop(0));
  SECTION("kill") {
    peer.send(frame("k"));
    s.server.on_stop(0, {DebugStop::Why::request, {}});
    CHECK(s.killed);
  }
  SECTION("damaged packets are asked for again, and sent again") {
    peer.send("$qC#00" + frame("qC") + "-" + frame("c"));
    s.server.on_stop(0, {DebugStop::Why::request, {}});
    CHECK(peer.received() == "-+" + frame("QC101") + frame("QC101") + "+");
  }
  SECTION("a second peer") {
    Peer second(socket_path());
    CHECK_FALSE(s.server.wants_stop(0));
    CHECK(second.received().empty());
    peer.send(frame("c"));
    s.server.on_stop(0, {DebugStop::Why::request, {}});
    CHECK_FALSE(s.killed);
  }
  SECTION("leaving") {
    s.leave = true;
    s.server.on_stop(0, {DebugStop::Why::request, {}});
  }
}

TEST_CASE("addresses") {
  CHECK(Address("1234").port == 1234);
  CHECK(Address("1234").text == "localhost:1234");
  CHECK(Address("unix:/tmp/x").path == "/tmp/x");
  for (const char* wrong : {"", "0", "65536", "kernel.elf", "12x", "unix:", "-1"})
    CHECK_THROWS_AS(Address(wrong), Error);
  CHECK_THROWS_AS(Address("unix:" + std::string(200, 'a')), Error);
}

TEST_CASE("a place that is taken is refused, a socket left over is not") {
  const std::string path = socket_path();
  {
    Connection first{Address("unix:" + path)};
    CHECK_THROWS_WITH(Connection(Address("unix:" + path)), Catch::Contains("in use"));
    CHECK_FALSE(first.accept());  // it was not asked by connecting: a stopped run would go on
  }
  CHECK(::access(path.c_str(), F_OK) != 0);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::strncpy(name.sun_path, path.c_str(), sizeof name.sun_path - 1);
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
  ::close(fd);  // the file stays
  CHECK_NOTHROW(Connection(Address("unix:" + path)));
  CHECK_THROWS_WITH(Connection(Address("unix:/nonexistent/x")), Catch::Contains("No such file"));
}
