// The debugger that cores know: takes a connection, holds the machine while the peer looks around.
//
//     core at a stop ── on_stop() ──> [ packets <-> GdbSession ] until `continue`, `step`, `detach` ──> core
//     quantum's end  ── wants_stop() ──> a new peer, or Ctrl-C?
#pragma once
#include <functional>
#include <memory>

#include "sim/debug/connection.h"
#include "sim/debug/packet.h"
#include "sim/debug/session.h"

namespace xs::debug {

class GdbServer final : public CpuDebugger {
 public:
  /// `interrupted`: the user wants the program to end, so stop waiting. `kill`: the peer wants it.
  GdbServer(DebugTarget& target, const Address& address, std::function<bool()> interrupted,
            std::function<void()> kill);
  ~GdbServer() override;

  /// Before the first instruction: until a peer has connected and lets the machine run.
  void wait_for_start();
  /// While no core runs (between slices of simulated time): as at a quantum's end.
  void poll();
  /// The run is over.
  void ended(int exit_code);

  // CpuDebugger
  void on_stop(unsigned cpu, const DebugStop& stop) override;
  bool wants_stop(unsigned cpu) override;

 private:
  void take_peer();
  void drop_peer();
  void serve();
  bool answer(const PacketEvent& event);
  void send_packet(std::string_view payload);

  DebugTarget& target_;
  Connection connection_;
  std::function<bool()> interrupted_;
  std::function<void()> kill_;
  std::unique_ptr<GdbSession> session_;
  PacketReader reader_;
  std::string last_sent_;
  bool greeting_ = false;  ///< the stop is for a new peer, which asks by itself
};

}  // namespace xs::debug
