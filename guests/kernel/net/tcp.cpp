// Sockets. Packets are taken in where they arrive, in the interface's thread; one thread more keeps all
// connections' time. Everything runs under the kernel's lock.
#include "guests/kernel/net/tcp.h"

#include "guests/kernel/frames.h"
#include "guests/kernel/heap.h"
#include "guests/kernel/net/ip.h"
#include "guests/kernel/thread.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"
#include "guests/lib/tcp/connection.h"

struct TcpSocket final : tcp::Sink {
  TcpSocket(u32 peer, const tcp::Settings& settings, Pfn frames, u32 unit)
      : host(peer),
        memory(frames),
        connection(*this, settings, {static_cast<u8*>(frame_va(frames)), 2 * unit},
                   {static_cast<u8*>(frame_va(frames)) + 2 * unit, unit}),
        send_capacity(unit) {}
  void emit(const tcp::Segment& segment, const tcp::Pieces& contents) override;

  TcpSocket* next = nullptr;
  u32 host;
  Pfn memory;  // receive ring, send ring
  tcp::Connection connection;
  u32 send_capacity;
  WaitQueue changed;
  u64 read_deadline = no_deadline;
  void (*accepted)(TcpSocket*) = nullptr;  // of a listener's connection that nobody knows of yet
  bool owned = false;
};

namespace {
constexpr unsigned most_sockets = 8, most_half_open = 4, most_listeners = 4;
// Of the send ring; the receive ring has twice that. Less where memory is short, or in pieces.
constexpr u32 largest_unit = 128 * KiB, smallest_unit = 8 * KiB;
constexpr u16 first_own_port = 49152;  // RFC 6335, 6

struct Listener {
  u16 port;  // 0: none
  void (*accepted)(TcpSocket*);
};
Listener listeners[most_listeners];
TcpSocket* sockets;
WaitQueue timer_changed;
bool timer_runs;
u64 timer_at = no_deadline;

// VCPUs' clocks may be a little apart; a connection's never goes back.
u64 clock_ns() {
  static u64 latest;
  return latest = max_of(latest, now_ns());
}

// --- sockets ---------------------------------------------------------------------------------------------
TcpSocket* find(u32 host, u16 own_port, u16 other_port) {
  for (TcpSocket* s = sockets; s; s = s->next)
    if (s->host == host && s->connection.own_port() == own_port && s->connection.other_port() == other_port)
      return s;
  return nullptr;
}

void remove(TcpSocket* socket) {
  for (TcpSocket** s = &sockets; *s; s = &(*s)->next)
    if (*s == socket) {
      *s = socket->next;
      break;
    }
  frames_free(socket->memory);
  heap_free(socket);
}

// Room for one more; a connection that only waits for late segments gives way.
bool has_room() {
  unsigned count = 0;
  TcpSocket* late = nullptr;
  for (TcpSocket* s = sockets; s; s = s->next, count++)
    if (!s->owned && s->connection.state() == tcp::State::time_wait) late = s;
  if (count < most_sockets) return true;
  if (late) remove(late);
  return late;
}

TcpSocket* new_socket(u32 host) {
  if (!has_room()) return nullptr;
  tcp::Settings settings;
  settings.mss = ip_payload_most(host) - tcp::header_least;
  void* const block = heap_alloc(sizeof(TcpSocket));
  for (u32 unit = largest_unit; block && unit >= smallest_unit; unit /= 2) {
    const Pfn frames = frames_alloc(static_cast<unsigned>(3 * unit / page_bytes));
    if (frames == invalid_frame) continue;
    auto* socket = new (block) TcpSocket(host, settings, frames, unit);
    socket->next = sockets;
    return sockets = socket;
  }
  heap_free(block);
  return nullptr;
}

// RFC 6528: a clock, and what depends on the connection and a secret.
u32 first_sequence(u32 host, u16 own_port, u16 other_port) {
  static u64 secret;
  if (!secret) secret = arch_cycle_counter() | 1;
  u64 hash = (u64{host} << 32 | u32{own_port} << 16 | other_port) ^ secret;
  for (unsigned i = 0; i < 3; i++) hash = (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9ull;
  return static_cast<u32>(clock_ns() / 4000 + (hash >> 32));
}

// --- time ------------------------------------------------------------------------------------------------
void run_accepted(void* argument) {
  auto* socket = static_cast<TcpSocket*>(argument);
  auto* const accepted = socket->accepted;
  socket->accepted = nullptr;
  accepted(socket);
}

void timer_must_be(u64 deadline) {
  if (deadline >= timer_at) return;
  timer_at = deadline;
  wake_all(timer_changed);
}

// Whether somebody who waits has something to do.
bool is_news(const TcpSocket& s) {
  const tcp::Connection& c = s.connection;
  return c.readable() || !c.may_write() || c.is_at_end() || c.writable() >= s.send_capacity / 4;
}

// After whatever has happened to it. The socket may be no more.
void settle(TcpSocket* socket) {
  if (is_news(*socket)) wake_all(socket->changed);
  if (socket->accepted && !socket->owned && socket->connection.is_open()) {
    socket->owned = true;
    if (!thread_create("tcp", run_accepted, socket)) {
      socket->owned = false;
      socket->connection.abort(clock_ns());
    }
  }
  if (!socket->owned && socket->connection.state() == tcp::State::closed) return remove(socket);
  timer_must_be(socket->connection.next_deadline());
}

void run_timer(void*) {
  for (;;) {
    const u64 now = clock_ns();
    timer_at = no_deadline;
    for (TcpSocket *s = sockets, *following; s; s = following) {
      following = s->next;
      if (s->connection.next_deadline() > now) {
        timer_must_be(s->connection.next_deadline());
        continue;
      }
      s->connection.tick(now);
      settle(s);
    }
    if (timer_at > clock_ns()) wait_on(timer_changed, timer_at);
  }
}

bool start_timer() { return timer_runs = timer_runs || thread_create("tcp timer", run_timer, nullptr); }

// --- connections -----------------------------------------------------------------------------------------
const Listener* listener_at(u16 port) {
  for (const Listener& l : listeners)
    if (l.port == port && l.accepted) return &l;
  return nullptr;
}

unsigned half_open() {
  unsigned count = 0;
  for (const TcpSocket* s = sockets; s; s = s->next)
    count += s->connection.state() == tcp::State::syn_received;
  return count;
}

void send_segment(u32 host, const tcp::Segment& segment, const tcp::Pieces& contents) {
  u8 header[tcp::own_header_most];
  const u32 length = tcp::build(segment, header), total = length + contents.length();
  Packet* p = ip_packet(host, protocol_tcp, total);
  if (!p) return;  // as if the wire had lost it
  u8* const at = ip_body(*p);
  memcpy(at, header, length);
  memcpy(at + length, contents.first.at, contents.first.length);
  memcpy(at + length + contents.first.length, contents.second.at, contents.second.length);
  const u16 sum = checksum_end(ip_transport_sum(ip_of(*p), at, total));
  memcpy(at + tcp::checksum_at, &sum, sizeof sum);
  ip_send(p);
}

// Where there are too many that have only begun, nobody is told anything: who means it asks again.
void accept(u32 host, const tcp::Segment& segment, const Listener& listener) {
  TcpSocket* const socket = half_open() < most_half_open ? new_socket(host) : nullptr;
  if (!socket) return;
  socket->accepted = listener.accepted;
  socket->connection.accept(segment, first_sequence(host, segment.to, segment.from), clock_ns());
  settle(socket);
}

u16 unused_port(u32 host, u16 other_port) {
  static u16 last;
  do last = static_cast<u16>(last + 1) % (0x10000 - first_own_port);
  while (find(host, static_cast<u16>(first_own_port + last), other_port));
  return static_cast<u16>(first_own_port + last);
}

long errno_of(tcp::Error error) {
  switch (error) {
    case tcp::Error::refused:
      return -XEN_ECONNREFUSED;
    case tcp::Error::timed_out:
      return -XEN_ETIMEDOUT;
    case tcp::Error::none:
      return -errno_pipe;
    default:
      return -errno_connection_reset;
  }
}

void wait_for_connection(TcpSocket& s, u64 deadline) {
  while (!s.connection.is_open() && s.connection.state() != tcp::State::closed)
    if (!wait_on(s.changed, deadline)) return;
}

// Nobody knows it any more.
void disown(TcpSocket* socket) {
  socket->owned = false;
  settle(socket);
}
}  // namespace

void TcpSocket::emit(const tcp::Segment& segment, const tcp::Pieces& contents) {
  send_segment(host, segment, contents);
}

void tcp_received(const Ipv4& ip, const u8* bytes, u32 length) {
  tcp::Segment segment, answer;
  u32 header;
  if (checksum_end(ip_transport_sum(ip, bytes, length)) || !tcp::parse(bytes, length, segment, header))
    return;
  const u32 host = domain_of(swap32(ip.from));
  if (TcpSocket* s = find(host, segment.to, segment.from); s && s->connection.state() != tcp::State::closed) {
    s->connection.arrived(segment, bytes + header, clock_ns());
    return settle(s);
  }
  const Listener* const listener = listener_at(segment.to);
  if (listener && segment.has(tcp::syn) && !segment.has(tcp::ack) && !segment.has(tcp::rst))
    return accept(host, segment, *listener);
  if (tcp::reset_for(segment, answer)) send_segment(host, answer, {});
}

TcpSocket* tcp_connect(u32 host, u16 port, u64 timeout_ns, long& error) {
  const u64 deadline = now_ns() + timeout_ns;
  if ((error = ip_reach(host))) return nullptr;
  TcpSocket* const socket = start_timer() ? new_socket(host) : nullptr;
  if (!socket) return error = -XEN_ENOBUFS, nullptr;
  socket->owned = true;
  const u16 own = unused_port(host, port);
  socket->connection.connect(own, port, first_sequence(host, own, port), clock_ns());
  settle(socket);
  wait_for_connection(*socket, deadline);
  if (socket->connection.is_open()) return socket;
  const bool is_late = socket->connection.state() != tcp::State::closed;
  error = is_late ? -XEN_ETIMEDOUT : errno_of(socket->connection.error());
  tcp_abort(socket);
  return nullptr;
}

bool tcp_listen(u16 port, void (*accepted)(TcpSocket*)) {
  if (!port || listener_at(port) || !start_timer()) return false;
  for (Listener& l : listeners)
    if (!l.accepted) return l = {port, accepted}, true;
  return false;
}

long tcp_write_all(TcpSocket& s, const void* bytes, size_t count) {
  const auto* at = static_cast<const u8*>(bytes);
  while (count) {
    const u32 taken =
        s.connection.write(at, static_cast<u32>(min_of<size_t>(count, s.send_capacity)), clock_ns());
    at += taken, count -= taken;
    timer_must_be(s.connection.next_deadline());
    if (!s.connection.may_write()) return errno_of(s.connection.error());
    if (!taken) wait_on(s.changed);
  }
  return 0;
}

s64 tcp_read(TcpSocket& s, void* to, size_t most) {
  most = min_of<size_t>(most, 1u << 30);
  for (;;) {
    if (const u32 count = s.connection.read(to, static_cast<u32>(most), clock_ns())) {
      timer_must_be(s.connection.next_deadline());
      return count;
    }
    if (s.connection.is_at_end() || !most) return 0;
    if (s.connection.state() == tcp::State::closed) return errno_of(s.connection.error());
    if (!wait_on(s.changed, s.read_deadline)) return -XEN_ETIMEDOUT;
  }
}

void tcp_set_read_deadline(TcpSocket& s, u64 deadline_ns) { s.read_deadline = deadline_ns; }

void tcp_shutdown(TcpSocket& s) {
  s.connection.shutdown(clock_ns());
  timer_must_be(s.connection.next_deadline());
}

void tcp_close(TcpSocket* s) {
  s->connection.close(clock_ns());
  disown(s);
}

void tcp_abort(TcpSocket* s) {
  s->connection.abort(clock_ns());
  disown(s);
}

void tcp_break(TcpSocket& s) {
  s.connection.abort(now_ns());
  wake_all(s.changed);
}

bool tcp_readable(const TcpSocket& s) {
  return s.connection.readable() || s.connection.is_at_end() || s.connection.state() == tcp::State::closed;
}

u32 tcp_host(const TcpSocket& s) { return s.host; }

TcpTotals tcp_totals(const TcpSocket& s) {
  const tcp::Totals& t = s.connection.totals();
  return {t.sent, t.received, t.retransmitted, s.connection.round_trip(), s.connection.mss()};
}
