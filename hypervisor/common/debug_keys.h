// Dumps to the console on an operator's request (serial line, or sysctl debug_keys).
#pragma once

namespace hv {

/// Runs the handler of `key`; an unknown key prints a remark. 'h' lists the keys.
void debug_key(char key);

}  // namespace hv
