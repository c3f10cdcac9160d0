// The way between two hosts on which a domain migrates (docs/migration.md): a connection to this port, on
// which come the stream and, behind it, these messages. As xend's relocation port.
//
//   source                            target
//   stream ... END  ───────────────>  the domain is there, whole and paused
//                   <───────────────  ready           or refused, at any time
//   go              ───────────────>  it runs
//                   <───────────────  running
//   its own copy ends
#pragma once
#include "guests/kernel/net/tcp.h"
#include "guests/lib/stream/reader.h"
#include "guests/lib/stream/writer.h"

constexpr u16 migration_port = 8002;
constexpr u64 migration_answer_ns = 5 * ns_per_s;

enum class Said : u32 { ready = 1, go, running, refused };

// Little-endian, as the stream.
struct MigrationMessage {
  char magic[8];
  Said what;
  s32 error;  // of `refused`: a negative errno
};
static_assert(sizeof(MigrationMessage) == 16);

// 0 or a negative errno.
long connection_say(TcpSocket& socket, Said what, long error = 0);
// Waits until the deadline for a message. `refused`: its errno; another than `wanted`: -EBADMSG.
long connection_hear(TcpSocket& socket, Said wanted, u64 deadline_ns);

struct ConnectionSink final : stream::Sink {
  explicit ConnectionSink(TcpSocket* s) : socket(s) {}
  bool write(const void* bytes, size_t size) override;
  // What is gathered goes.
  bool flush();

  TcpSocket* socket;
  long error = 0;
  u64 bytes = 0;  // written so far

 private:
  u32 filled_ = 0;
  u8 buffer_[16 * KiB];
};

struct ConnectionSource final : stream::Source {
  explicit ConnectionSource(TcpSocket& s) : socket(s) {}
  s64 read(void* to, size_t most) override { return tcp_read(socket, to, most); }

  TcpSocket& socket;
};
