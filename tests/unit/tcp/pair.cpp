#include "tests/unit/tcp/pair.h"

#include <algorithm>

#include "guests/lib/tcp/checksum.h"

namespace tcp_test {

using namespace tcp;

Frame frame_of(const Segment& segment, const Pieces& contents) {
  Frame frame(own_header_most);
  frame.resize(build(segment, frame.data()));
  for (const Bytes& b : {contents.first, contents.second})
    if (b.length) frame.insert(frame.end(), b.at, b.at + b.length);
  const u16 sum = checksum_end(checksum_add(0, frame.data(), static_cast<u32>(frame.size())));
  std::copy_n(reinterpret_cast<const u8*>(&sum), sizeof sum, frame.begin() + checksum_at);
  return frame;
}

bool read_frame(const Frame& frame, Segment& segment, const u8*& contents) {
  const auto length = static_cast<u32>(frame.size());
  u32 header;
  if (checksum_end(checksum_add(0, frame.data(), length))) return false;
  if (!parse(frame.data(), length, segment, header)) return false;
  contents = frame.data() + header;
  return true;
}

End::End(Pair& p, const Settings& settings, u32 receive, u32 send)
    : pair(&p),
      receive_memory(receive),
      send_memory(send),
      connection(*this, settings, {receive_memory.data(), receive}, {send_memory.data(), send}) {}

void End::emit(const Segment& s, const Pieces& contents) {
  sent.push_back(s);
  pair->carry(*other, frame_of(s, contents));
}

std::string End::read_all(u64 now) {
  std::string all;
  char piece[1000];
  while (const u32 n = connection.read(piece, sizeof piece, now)) all.append(piece, n);
  return all;
}

Pair::Pair(const Settings& settings, u32 receive, u32 send, u32 seed)
    : rng(seed), client(*this, settings, receive, send), server(*this, settings, receive, send) {
  client.other = &server;
  server.other = &client;
  server.accepts = true;
}

void Pair::establish(u32 client_first, u32 server_first) {
  server.first = server_first;
  client.connection.connect(40000, 8002, client_first, now);
  run(1'000'000);
}

void Pair::carry(End& to, Frame frame) {
  carried++;
  const u32 copies = rng() % 1000 < channel.doubled ? 2 : 1;
  for (u32 i = 0; i < copies; i++) {
    if (rng() % 1000 < channel.lost || frame.size() > channel.most) continue;
    Frame f = frame;
    if (rng() % 1000 < channel.damaged) f[rng() % f.size()] ^= static_cast<u8>(1u << rng() % 8);
    const u64 later = channel.jitter ? rng() % channel.jitter : 0;
    under_way_.emplace(now + channel.delay + later, std::make_pair(&to, std::move(f)));
  }
}

void Pair::deliver(End& to, const Frame& frame) {
  // What is read beyond its end is seen by the sanitizer.
  const Frame exact(frame.begin(), frame.end());
  Segment s;
  const u8* contents;
  if (!read_frame(exact, s, contents)) return;
  if (to.connection.state() == State::closed && to.accepts && s.has(syn) && !s.has(ack)) {
    to.accepts = false;
    return to.connection.accept(s, to.first, now);
  }
  if (to.connection.state() != State::closed) return to.connection.arrived(s, contents, now);
  Segment answer;
  if (reset_for(s, answer)) to.emit(answer, {});
}

bool Pair::step() {
  const u64 arrival = under_way_.empty() ? never : under_way_.begin()->first;
  const u64 deadline = std::min(client.connection.next_deadline(), server.connection.next_deadline());
  if (arrival == never && deadline == never) return false;
  now = std::max(now, std::min(arrival, deadline));
  if (arrival <= deadline) {
    const auto [to, frame] = under_way_.begin()->second;
    under_way_.erase(under_way_.begin());
    deliver(*to, frame);
    return true;
  }
  for (End* e : {&client, &server})
    if (e->connection.next_deadline() <= now) e->connection.tick(now);
  return true;
}

void Pair::run(u64 duration) {
  const u64 until = now + duration;
  run_until([] { return false; }, duration);
  now = std::max(now, until);
}

void Pair::run_until(const std::function<bool()>& done, u64 at_most) {
  const u64 until = now + at_most;
  for (;;) {
    const u64 arrival = under_way_.empty() ? never : under_way_.begin()->first;
    const u64 next =
        std::min({arrival, client.connection.next_deadline(), server.connection.next_deadline()});
    if (done() || next > until || !step()) return;
  }
}

void Pair::put(End& to, const Segment& s, const std::string& contents) {
  const Bytes bytes{reinterpret_cast<const u8*>(contents.data()), static_cast<u32>(contents.size())};
  deliver(to, frame_of(s, {bytes, {}}));
}

std::string pattern(size_t bytes, u32 seed) {
  std::string s(bytes, 0);
  Rng rng(seed);
  for (char& c : s) c = static_cast<char>(rng());
  return s;
}

}  // namespace tcp_test
