#include "guests/kernel/net/bulk.h"

#include "guests/kernel/heap.h"
#include "guests/kernel/net/ip.h"
#include "guests/kernel/net/tcp.h"
#include "guests/kernel/thread.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
constexpr u16 discard_port = 9;
constexpr u64 connect_ns = 5 * ns_per_s;
constexpr u64 usual_bytes = MiB, most_bytes = 1024 * MiB;
constexpr u32 piece = 32 * KiB;  // in the hand at once

// Eight bytes of the stream, from `offset` on, which is a multiple of eight.
u64 word_at(u64 offset) { return (offset / sizeof(u64) + 1) * 0x9e3779b97f4a7c15ull; }
u8 byte_at(u64 offset) { return static_cast<u8>(word_at(offset) >> offset % sizeof(u64) * 8); }

void fill(u64* words, u64 offset) {
  for (u32 i = 0; i < piece / sizeof *words; i++) words[i] = word_at(offset + i * sizeof *words);
}

// How many bytes are not as they were sent. `words` has the first of them where a whole word of the stream
// would have it.
u64 count_corrupt(const u64* words, u64 offset, u64 count) {
  const auto* const bytes = reinterpret_cast<const u8*>(words);
  const u64 begin = offset % sizeof(u64), end = begin + count, base = offset - begin;
  u64 corrupt = 0;
  for (u64 at = begin; at < end;) {
    if (at % sizeof(u64) == 0 && end - at >= sizeof(u64) && words[at / sizeof(u64)] == word_at(base + at)) {
      at += sizeof(u64);
      continue;
    }
    corrupt += bytes[at] != byte_at(base + at);
    at++;
  }
  return corrupt;
}

struct Buffer {
  Buffer() : words(static_cast<u64*>(heap_alloc(piece + sizeof(u64)))) {}
  ~Buffer() { heap_free(words); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  u64* words;
};

void sink(TcpSocket* socket) {
  const Buffer buffer;
  if (!buffer.words) return tcp_abort(socket);
  u64 bytes = 0, corrupt = 0;
  s64 count;
  for (;;) {
    const u64 begin = bytes % sizeof(u64);
    count = tcp_read(*socket, reinterpret_cast<u8*>(buffer.words) + begin, piece);
    if (count <= 0) break;
    corrupt += count_corrupt(buffer.words, bytes, static_cast<u64>(count));
    bytes += static_cast<u64>(count);
  }
  print_line("net: bulk from %s: %lu bytes, %lu corrupt%s%s", HostName(tcp_host(*socket)).text, bytes,
             corrupt, count ? ", " : "", count ? errno_name(count) : "");
  tcp_close(socket);
}

long send_all(TcpSocket& socket, u64 bytes) {
  const Buffer buffer;
  if (!buffer.words) return -XEN_ENOMEM;
  for (u64 sent = 0; sent < bytes; sent += piece) {
    fill(buffer.words, sent);
    if (long error = tcp_write_all(socket, buffer.words, min_of<u64>(piece, bytes - sent))) return error;
  }
  tcp_shutdown(socket);
  u8 nothing;
  const s64 answer = tcp_read(socket, &nothing, sizeof nothing);  // its FIN: it has all
  return answer > 0 ? -XEN_EINVAL : answer;
}

void send_bulk(u32 host, u64 bytes, Status& status) {
  long error;
  TcpSocket* const socket = tcp_connect(host, discard_port, connect_ns, error);
  const HostName name(host);
  if (!socket) return status.fail(error, "%s is not connected", name.text);
  error = send_all(*socket, bytes);
  const TcpTotals totals = tcp_totals(*socket);
  if (error)
    status.fail(error, "the connection to %s has come to an end", name.text);
  else
    print_line("net: bulk to %s: %lu bytes, %lu retransmitted", name.text, bytes, totals.retransmitted);
  error ? tcp_abort(socket) : tcp_close(socket);
}
}  // namespace

void bulk_serve() { tcp_listen(discard_port, sink); }

void do_bulk(const CommandLine& c, Status& status) {
  static const char* const keys[] = {"bytes"};
  const char* const name = c.count > 1 ? c.words[1] : "";
  const char* const text = c.value("bytes");
  u64 host, bytes = usual_bytes;
  if (const char* word = c.unknown_key(keys, count_of(keys), 2))
    return status.fail(-XEN_EINVAL, "unknown argument %s", word);
  if (!ip_find_host(name, host)) return status.fail(-XEN_ESRCH, "there is no domain %s", name);
  if (text && (!parse_number(text, bytes) || bytes > most_bytes))
    return status.fail(-XEN_EINVAL, "bytes= is not between 0 and %lu", most_bytes);
  send_bulk(static_cast<u32>(host), bytes, status);
}
