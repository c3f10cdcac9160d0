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

void OperatorChannel::feed(std::string_view bytes, u64 time_ps) {
  cutter_.feed(bytes, time_ps);
  if (cutter_.partial() != prompt) return;
  cutter_.drop_partial();
  ready_ = true;
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
