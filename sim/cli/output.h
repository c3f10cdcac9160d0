// stdout for people: everything is written or an error says why not.
#pragma once
#include <string_view>

namespace xs::cli {

/// Writes to stdout. A closed pipe (`| head`) ends the process quietly; a full disk throws Error.
void print(std::string_view text);

}  // namespace xs::cli
