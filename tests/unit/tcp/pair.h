// Two connections, and a channel between them that loses, doubles, delays and mixes what it carries,
// reproducibly. Each segment goes through its form on the wire, with its checksum.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "guests/lib/tcp/connection.h"

namespace tcp_test {

struct Rng {
  explicit Rng(u32 seed) : engine(seed) {}
  u32 operator()() { return static_cast<u32>(engine()); }
  std::mt19937 engine;
};
using Frame = std::vector<u8>;

Frame frame_of(const tcp::Segment& segment, const tcp::Pieces& contents);
/// False: damaged, or senseless.
bool read_frame(const Frame& frame, tcp::Segment& segment, const u8*& contents);

struct Channel {  // of 1000
  u32 lost = 0, doubled = 0, damaged = 0;
  u64 delay = 50'000, jitter = 0;  // ns
  u32 most = ~0u;                  // bytes of a frame that gets through
};

class Pair;

/// One end: remembers what it sent, and hands it to the channel.
struct End final : tcp::Sink {
  End(Pair& pair, const tcp::Settings& settings, u32 receive, u32 send);
  void emit(const tcp::Segment& s, const tcp::Pieces& contents) override;

  Pair* pair;
  std::vector<u8> receive_memory, send_memory;
  tcp::Connection connection;
  End* other = nullptr;
  std::vector<tcp::Segment> sent;
  bool accepts = false;  // a SYN that comes when it is closed
  u32 first = 0;

  const tcp::Segment& last() const { return sent.back(); }
  std::string read_all(u64 now);
};

class Pair {
 public:
  explicit Pair(const tcp::Settings& settings = {}, u32 receive = 65536, u32 send = 65536, u32 seed = 1);

  /// The hand-shake, over a good channel.
  void establish(u32 client_first = 1000, u32 server_first = 5000);
  /// The next arrival or deadline; false: there is none.
  bool step();
  void run(u64 duration);
  void run_until(const std::function<bool()>& done, u64 at_most);
  void put(End& to, const tcp::Segment& s, const std::string& contents = "");

  u64 now = 1'000'000;
  Channel channel;
  Rng rng;
  End client, server;
  u64 carried = 0;

 private:
  friend struct End;
  void carry(End& to, Frame frame);
  void deliver(End& to, const Frame& frame);
  std::multimap<u64, std::pair<End*, Frame>> under_way_;
};

std::string pattern(size_t bytes, u32 seed = 1);

}  // namespace tcp_test
