// The listening socket and the one peer that is connected: TCP on the loopback interface, or a Unix socket.
#pragma once
#include <string>
#include <string_view>

namespace xs::debug {

/// "1234" (TCP) or "unix:/path". Throws Error when the text is neither.
struct Address {
  explicit Address(const std::string& text);
  std::string text;  ///< as gdb's `target remote` wants it
  unsigned port = 0;
  std::string path;  ///< of a Unix socket; empty: TCP
};

class Connection {
 public:
  /// Throws Error: port in use, no permission, path too long.
  explicit Connection(const Address& address);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Waits at most so long (-1: for ever; a signal ends it too) until a peer asks or the peer has sent
  /// something.
  bool wait(int milliseconds) const;
  bool connected() const { return peer_ >= 0; }
  /// Takes a waiting peer when there is none yet; a second one is turned away.
  bool accept();
  /// What has arrived, without waiting. The peer's end closes the connection.
  std::string receive();
  void send(std::string_view bytes);
  void close_peer();

 private:
  void listen_tcp(unsigned port);
  void listen_unix(const std::string& path);

  int listener_ = -1, peer_ = -1;
  std::string unlink_;  ///< path to remove at the end
};

}  // namespace xs::debug
