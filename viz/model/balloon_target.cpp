#include "viz/model/balloon_target.h"

#include <charconv>
#include <utility>
#include <vector>

namespace xs::viz {
namespace {

constexpr std::string_view prompt = "xl> ";
constexpr u64 frames_a_mib = (u64{1} << 20) >> frame_shift;
constexpr u64 most_mib = u64{1} << 32;

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; (at = text.find_first_not_of(' ', at)) != text.npos;) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

std::optional<u64> mib(std::string_view text) {
  u64 value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most_mib) return std::nullopt;
  return value;
}

}  // namespace

void BalloonTargets::command(std::string_view text) {
  asked_.reset();
  const auto words = words_of(text);
  if (words.size() == 3 && words[0] == "mem-set") {
    if (const auto size = mib(words[2])) asked_ = {std::string(words[1]), *size * frames_a_mib};
  } else if (!words.empty() && words[0] == "create") {
    constexpr std::string_view key = "memory=";
    for (const std::string_view word : words)
      if (word.starts_with(key))
        if (const auto size = mib(word.substr(key.size()))) asked_ = {"", *size * frames_a_mib};
  }
}

std::optional<BalloonTarget> BalloonTargets::line(std::string_view text) {
  if (text.starts_with(prompt)) {
    command(text.substr(prompt.size()));
    return std::nullopt;
  }
  if (!asked_) return std::nullopt;
  if (const auto words = words_of(text); asked_->domain.empty() && words.size() == 3 && words[0] == "domain")
    asked_->domain = words[1];  // "domain 1 web"
  if (!text.starts_with("= ")) return std::nullopt;
  const std::optional<BalloonTarget> answered = std::exchange(asked_, std::nullopt);
  return text == "= 0" && !answered->domain.empty() ? answered : std::nullopt;
}

}  // namespace xs::viz
