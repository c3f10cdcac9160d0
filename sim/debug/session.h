// One debugger's conversation with a stopped machine: packets in, answers out. Threads are VCPUs, and cores
// that run none. Who is where is looked up when the machine stops.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/debug/target.h"

namespace xs::debug {

struct Reply {
  enum class Next : u8 { stay, resume, detach, kill };
  std::string text;
  Next next = Next::stay;
  bool silent = false;  ///< nothing is sent: the answer comes when the machine stops
};

class GdbSession {
 public:
  explicit GdbSession(DebugTarget& target)
      : target_(target), steps_(target.cpus()), threads_(target.threads()) {
    stopped_ = current_ = threads_.front().id;
  }

  Reply handle(std::string_view packet);
  /// Where and why the machine has stopped; from now on `?` tells it.
  void stopped(unsigned cpu, const DebugStop& stop);
  std::string stop_reply() const;
  /// "W" and the exit code.
  static std::string exit_reply(int code);
  bool acknowledges() const { return acknowledges_; }
  /// Forgets all points and steps: nothing of the debugger stays behind.
  void leave();

 private:
  // session_query.cpp
  Reply query(std::string_view text);
  Reply set(std::string_view text);
  std::string transfer(std::string_view text) const;
  std::string target_xml() const;
  std::string threads_xml() const;
  std::string monitor(std::string_view command);
  std::string monitor_physical(std::string_view arguments) const;

  Reply resume(std::string_view actions);
  Reply step_nowhere(const DebugThread& thread);
  Reply select(std::string_view text);
  std::string point(bool set, std::string_view text);
  std::string registers() const;
  bool set_registers(std::string_view digits);
  std::string register_value(std::string_view text) const;
  std::string set_register(std::string_view text);
  std::string read_memory(std::string_view text) const;
  std::string write_memory(std::string_view text, bool binary);
  bool copy(u64 address, std::span<u8> out) const;
  bool store(u64 address, std::span<const u8> in);
  /// The thread of an id ("0" and "-1": the current one), or none.
  const DebugThread* thread_of(std::string_view& text) const;
  const DebugThread* thread(u64 id) const;
  CpuControl& control() const { return *thread(current_)->control; }

  DebugTarget& target_;
  std::vector<DebugPoint> points_;
  std::vector<u64> steps_;  ///< by core: the thread whose step is asked for, 0 none
  std::vector<DebugThread> threads_;
  u64 current_ = 0;  ///< thread that register and memory packets are about
  u64 stopped_ = 0;
  DebugStop stop_;
  bool acknowledges_ = true;
  bool physical_ = false;     ///< addresses of memory packets are physical (QEMU's Qqemu.PhyMemMode)
  bool tells_break_ = false;  ///< the peer knows swbreak
};

}  // namespace xs::debug
