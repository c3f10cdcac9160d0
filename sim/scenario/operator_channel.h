// The far end of dom0's operator channel (docs/architecture.md): commands out; answers, status, prompt in.
//
//     xl> mem-set web 32\n   ──>   answer lines...   "= 0" | "= ENOMEM not enough ..."   "xl> "
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/console_log.h"

namespace xs::scenario {

struct Answer {
  std::vector<std::string> lines;
  std::string status;    ///< "0" or an errno name; empty: the prompt came without a status line
  std::string sentence;  ///< behind the errno name
};

class OperatorChannel {
 public:
  /// Every whole line and every typed command goes to `emit`, for the console log.
  explicit OperatorChannel(LineCutter::Emit emit);
  void feed(std::string_view bytes, u64 time_ps);
  /// Notes that `line` is being typed: ready() is false until its answer is complete.
  void typed(const std::string& line, u64 time_ps);
  /// The prompt stands there and nothing is being answered.
  bool ready() const { return ready_; }
  const Answer& answer() const { return answer_; }

 private:
  void line(const std::string& text);

  LineCutter::Emit emit_;
  LineCutter cutter_;
  Answer answer_;
  std::string command_;
  bool ready_ = false;
};

}  // namespace xs::scenario
