#include "sim/debug/server.h"

namespace xs::debug {

namespace {

/// How often a wait looks whether the user wants to leave.
constexpr int patience_ms = 200;

}  // namespace

GdbServer::GdbServer(DebugTarget& target, const Address& address, std::function<bool()> interrupted,
                     std::function<void()> kill)
    : target_(target), connection_(address), interrupted_(std::move(interrupted)), kill_(std::move(kill)) {}

GdbServer::~GdbServer() = default;

void GdbServer::take_peer() {
  session_ = std::make_unique<GdbSession>(target_);
  reader_ = {};
  greeting_ = true;
}

void GdbServer::drop_peer() {
  if (session_) session_->leave();
  session_.reset();
  connection_.close_peer();
}

void GdbServer::wait_for_start() {
  while (!connection_.connected() && !interrupted_()) {
    connection_.wait(patience_ms);
    if (connection_.accept()) take_peer();
  }
  if (session_) on_stop(0, {DebugStop::Why::step, {}});
}

void GdbServer::poll() {
  if (wants_stop(0)) on_stop(0, {DebugStop::Why::request, {}});
}

bool GdbServer::wants_stop(unsigned) {
  if (!connection_.wait(0)) return false;
  if (connection_.accept()) {
    take_peer();
    return true;
  }
  if (!connection_.connected()) return false;
  reader_.feed(connection_.receive());
  if (!connection_.connected()) {
    drop_peer();
    return false;
  }
  return reader_.take_interrupt();
}

void GdbServer::on_stop(unsigned cpu, const DebugStop& stop) {
  if (!session_) return;
  session_->stopped(cpu, stop);
  if (!greeting_) send_packet(session_->stop_reply());
  greeting_ = false;
  serve();
}

void GdbServer::serve() {
  while (session_ && !interrupted_()) {
    if (const auto event = reader_.next()) {
      if (!answer(*event)) return;
      continue;
    }
    if (!connection_.connected()) return drop_peer();
    connection_.wait(patience_ms);
    connection_.accept();  // a second peer is turned away
    reader_.feed(connection_.receive());
  }
}

/// False when the machine goes on.
bool GdbServer::answer(const PacketEvent& event) {
  using Kind = PacketEvent::Kind;
  if (event.kind == Kind::resend) connection_.send(last_sent_);
  if (event.kind == Kind::damaged && session_->acknowledges()) connection_.send("-");
  if (event.kind != Kind::packet) return true;
  if (session_->acknowledges()) connection_.send("+");
  const Reply reply = session_->handle(event.payload);
  if (!reply.silent) send_packet(reply.text);
  if (reply.next == Reply::Next::stay) return true;
  if (reply.next == Reply::Next::resume) return false;
  if (reply.next == Reply::Next::kill) kill_();
  drop_peer();
  return false;
}

void GdbServer::send_packet(std::string_view payload) {
  last_sent_ = frame(payload);
  connection_.send(last_sent_);
}

void GdbServer::ended(int exit_code) {
  if (!session_) return;
  send_packet(GdbSession::exit_reply(exit_code));
  drop_peer();
}

}  // namespace xs::debug
