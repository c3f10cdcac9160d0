#include "guests/kernel/dom0/moving/connection.h"

#include "guests/kernel/thread.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
constexpr char magic[8] = {'X', 'S', 'M', 'O', 'V', 'E', 'D', 0};

// Waits for all of it.
long read_whole(TcpSocket& socket, void* to, size_t size) {
  for (auto* at = static_cast<u8*>(to); size;) {
    const s64 n = tcp_read(socket, at, size);
    if (n <= 0) return n ? n : -errno_connection_reset;
    at += n, size -= static_cast<size_t>(n);
  }
  return 0;
}
}  // namespace

long connection_say(TcpSocket& socket, Said what, long error) {
  MigrationMessage m{{}, what, static_cast<s32>(error)};
  memcpy(m.magic, magic, sizeof magic);
  return tcp_write_all(socket, &m, sizeof m);
}

long connection_hear(TcpSocket& socket, Said wanted, u64 deadline_ns) {
  MigrationMessage m;
  tcp_set_read_deadline(socket, deadline_ns);
  const long error = read_whole(socket, &m, sizeof m);
  tcp_set_read_deadline(socket, no_deadline);
  if (error) return error;
  if (memcmp(m.magic, magic, sizeof magic)) return -XEN_EBADMSG;
  if (m.what == Said::refused) return m.error < 0 ? m.error : -XEN_EBADMSG;
  return m.what == wanted ? 0 : -XEN_EBADMSG;
}

bool ConnectionSink::flush() {
  if (!error && filled_) error = tcp_write_all(*socket, buffer_, filled_);
  filled_ = 0;
  return !error;
}

bool ConnectionSink::write(const void* from, size_t size) {
  bytes += size;
  if (size > sizeof buffer_ - filled_ && !flush()) return false;
  if (size >= sizeof buffer_) return !(error = tcp_write_all(*socket, from, size));
  memcpy(buffer_ + filled_, from, size);
  filled_ += static_cast<u32>(size);
  return true;
}
