#include "sim/scenario/operator_channel.h"

namespace xs::scenario {
namespace {
constexpr std::string_view prompt = "xl> ";
}

OperatorChannel::OperatorChannel(LineCutter::Emit emit)
    : emit_(std::move(emit)), cutter_([this](std::string text, u64 time_ps) {
        line(text);
        emit_(std::move(text), time_ps);
      }) {}

/// Byte by byte: the prompt has no line end, and what follows it may come in the same piece.
void OperatorChannel::feed(std::string_view bytes, u64 time_ps) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    cutter_.feed(bytes.substr(i, 1), time_ps);
    if (cutter_.partial() != prompt) continue;
    cutter_.drop_partial();
    // A notice makes dom0 prompt again, perhaps while a command is under way: only a status ends an answer.
    // A blank line is the exception: it has none.
    if (command_.find_first_not_of(" \t") == std::string::npos || !answer_.status.empty()) ready_ = true;
  }
}

void OperatorChannel::typed(const std::string& command, u64 time_ps) {
  ready_ = false;
  command_ = command;
  answer_ = {};
  // Through a cutter, too: a fault may type any bytes, and reports are text.
  LineCutter typed_line(emit_);
  typed_line.feed(std::string(prompt) + command, time_ps);
  typed_line.flush(time_ps);
}

void OperatorChannel::line(const std::string& text) {
  if (text.rfind("* ", 0) == 0) return;                   // a notice, at any moment: "* domain 1 shutdown"
  if (text == command_ && answer_.lines.empty()) return;  // a terminal-like echo
  if (text.rfind("= ", 0) != 0) {
    answer_.lines.push_back(text);
    return;
  }
  const auto end = text.find(' ', 2);
  answer_.status = text.substr(2, end == std::string::npos ? end : end - 2);
  answer_.sentence = end == std::string::npos ? "" : text.substr(end + 1);
}

}  // namespace xs::scenario
