#include "sim/debug/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "sim/core/error.h"

namespace xs::debug {

namespace {

constexpr const char* unix_prefix = "unix:";
/// A peer that takes nothing for so long is gone.
constexpr int send_patience_ms = 5000;

[[noreturn]] void refuse(const std::string& where, const std::string& why) {
  throw Error("--gdb " + where + ": " + why);
}

}  // namespace

Address::Address(const std::string& given) {
  if (given.rfind(unix_prefix, 0) == 0) {
    path = given.substr(std::strlen(unix_prefix));
    if (path.empty() || path.size() >= sizeof sockaddr_un{}.sun_path)
      refuse(given, "the socket's path must have from 1 to " +
                        std::to_string(sizeof sockaddr_un{}.sun_path - 1) + " characters");
    text = path;
    return;
  }
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), port);
  if (error != std::errc() || end != given.data() + given.size() || port == 0 || port > 65535)
    refuse(given, "must be a port from 1 to 65535 or unix:PATH (--gdb=PORT when a file name follows)");
  text = "localhost:" + given;
}

Connection::Connection(const Address& address) {
  if (address.path.empty())
    listen_tcp(address.port);
  else
    listen_unix(address.path);
}

Connection::~Connection() {
  close_peer();
  if (listener_ >= 0) ::close(listener_);
  if (!unlink_.empty()) ::unlink(unlink_.c_str());
}

void Connection::listen_tcp(unsigned port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(static_cast<std::uint16_t>(port));
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
      ::listen(listener_, 1) != 0)
    refuse(std::to_string(port), std::strerror(errno));
}

namespace {

/// A socket that listens at `path`, which must be new.
int listener_at(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof name.sun_path) return errno = ENAMETOOLONG, -1;
  std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0 && ::listen(fd, 1) == 0)
    return fd;
  const int error = errno;
  ::close(fd);
  return errno = error, -1;
}

/// Whether the socket at `path` belongs to nobody any more. It is asked with the wrong type of socket, which
/// a listener never sees: one that connected and went would look like a debugger that has left, and the run
/// would go on.
bool left_over(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool refused =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 && errno == ECONNREFUSED;
  ::close(fd);
  return refused;
}

}  // namespace

// The name is given to a socket that listens already: one that refuses is left over from a run that was
// killed, never another run that is between bind and listen.
void Connection::listen_unix(const std::string& path) {
  const std::string own =
      path.substr(0, path.rfind('/') + 1) + ".xs" + std::to_string(static_cast<long>(::getpid()));
  ::unlink(own.c_str());
  listener_ = listener_at(own);
  if (listener_ < 0) refuse(unix_prefix + path, std::strerror(errno));
  if (left_over(path)) ::unlink(path.c_str());
  const bool linked = ::link(own.c_str(), path.c_str()) == 0;
  const int error = errno == EEXIST ? EADDRINUSE : errno;
  ::unlink(own.c_str());
  if (!linked) refuse(unix_prefix + path, std::strerror(error));
  unlink_ = path;
}

bool Connection::wait(int milliseconds) const {
  pollfd fds[2] = {{listener_, POLLIN, 0}, {peer_, POLLIN, 0}};
  return ::poll(fds, peer_ >= 0 ? 2 : 1, milliseconds) > 0;
}

bool Connection::accept() {
  pollfd waiting{listener_, POLLIN, 0};
  if (::poll(&waiting, 1, 0) <= 0) return false;
  const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return false;
  if (peer_ >= 0) {
    ::close(fd);
    return false;
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // refused for a Unix socket, which needs none
  peer_ = fd;
  return true;
}

std::string Connection::receive() {
  char buffer[4096];
  if (peer_ < 0) return {};
  const ssize_t n = ::recv(peer_, buffer, sizeof buffer, 0);
  if (n > 0) return {buffer, static_cast<std::size_t>(n)};
  if (n == 0 || (errno != EAGAIN && errno != EINTR)) close_peer();
  return {};
}

void Connection::send(std::string_view bytes) {
  while (peer_ >= 0 && !bytes.empty()) {
    const ssize_t n = ::send(peer_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    pollfd room{peer_, POLLOUT, 0};
    const bool later = n < 0 && (errno == EAGAIN || errno == EINTR);
    if (!later || ::poll(&room, 1, send_patience_ms) == 0) close_peer();
  }
}

void Connection::close_peer() {
  if (peer_ >= 0) ::close(peer_);
  peer_ = -1;
}

}  // namespace xs::debug
