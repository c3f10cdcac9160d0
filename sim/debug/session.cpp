#include "sim/debug/session.h"

#include <algorithm>
#include <cstring>

#include "sim/debug/packet.h"

namespace xs::debug {

namespace {

/// A peer cannot make the machine's lists grow without end.
constexpr std::size_t most_points = 1024;
constexpr u64 most_watched_bytes = 4096;

constexpr const char *bad = "E01", *no_memory = "E14";  // EFAULT

std::span<u8> bytes_of(std::string& text) { return {reinterpret_cast<u8*>(text.data()), text.size()}; }
std::span<const u8> bytes_of(std::string_view text) {
  return {reinterpret_cast<const u8*>(text.data()), text.size()};
}

}  // namespace

Reply GdbSession::handle(std::string_view p) {
  if (p.empty()) return {};
  const char kind = p[0];
  const std::string_view rest = p.substr(1);
  switch (kind) {
    case '?':
      return {stop_reply()};
    case 'g':
      return {registers()};
    case 'G':
      return {set_registers(rest) ? "OK" : bad};
    case 'p':
      return {register_value(rest)};
    case 'P':
      return {set_register(rest)};
    case 'm':
      return {read_memory(rest)};
    case 'M':
      return {write_memory(rest, false)};
    case 'X':
      return {write_memory(rest, true)};
    case 'Z':
    case 'z':
      return {point(kind == 'Z', rest)};
    case 'H':
      return select(rest);
    case 'T': {
      std::string_view id = rest;
      return {thread_of(id) ? "OK" : bad};
    }
    case 'c':
    case 'C':
      return rest.empty() || kind == 'C' ? resume(";c") : Reply{bad};
    case 's':
    case 'S':
      return rest.empty() || kind == 'S' ? resume(";s:" + hex_number(current_) + ";c") : Reply{bad};
    case 'v': {
      std::string_view text = rest;
      if (text == "Cont?") return {"vCont;c;C;s;S"};
      if (take(text, "Cont")) return resume(text);
      if (take(text, "Kill")) return {"OK", Reply::Next::kill};
      return {};
    }
    case 'D':
      return {"OK", Reply::Next::detach};
    case 'k':
      return {"", Reply::Next::kill, true};
    case 'q':
      return query(rest);
    case 'Q':
      return set(rest);
    default:
      return {};
  }
}

// A step that ends with another VCPU on the core has taken its own off: that one shows what was saved of it.
void GdbSession::stopped(unsigned cpu, const DebugStop& stop) {
  threads_ = target_.threads();
  stopped_ = threads_[cpu].id;
  if (stop.why == DebugStop::Why::step && thread(steps_[cpu])) stopped_ = steps_[cpu];
  current_ = stopped_;
  stop_ = stop;
  for (unsigned i = 0; i < target_.cpus(); ++i) target_.cpu(i).request_step(false);
}

const DebugThread* GdbSession::thread(u64 id) const {
  const auto found =
      std::find_if(threads_.begin(), threads_.end(), [&](const DebugThread& t) { return t.id == id; });
  return found == threads_.end() ? nullptr : &*found;
}

std::string GdbSession::stop_reply() const {
  const std::string thread = "thread:" + hex_number(stopped_) + ";";
  switch (stop_.why) {
    case DebugStop::Why::request:
      return "T02" + thread;  // SIGINT
    case DebugStop::Why::step:
      return "T05" + thread;  // SIGTRAP
    case DebugStop::Why::breakpoint:
      return "T05" + std::string(tells_break_ ? "swbreak:;" : "") + thread;
    case DebugStop::Why::watchpoint: {
      const DebugAccess kind = stop_.point.kind;
      const char* name = kind == DebugAccess::write  ? "watch:"
                         : kind == DebugAccess::read ? "rwatch:"
                                                     : "awatch:";
      return "T05" + (name + hex_number(stop_.point.va)) + ";" + thread;
    }
  }
  return bad;
}

std::string GdbSession::exit_reply(int code) {
  const u8 byte = static_cast<u8>(code);
  return "W" + to_hex(std::span(&byte, 1));
}

void GdbSession::leave() {
  points_.clear();
  for (unsigned i = 0; i < target_.cpus(); ++i) {
    target_.cpu(i).set_debug_points({});
    target_.cpu(i).request_step(false);
  }
}

/// Threads are written as positive hexadecimal numbers, 0 for any, -1 for all.
const DebugThread* GdbSession::thread_of(std::string_view& text) const {
  if (take(text, "-1")) return thread(current_);
  const auto id = take_number(text);
  return id ? thread(*id == 0 ? current_ : *id) : nullptr;
}

Reply GdbSession::select(std::string_view text) {
  const bool known = take(text, "g") || take(text, "c");
  const DebugThread* chosen = known ? thread_of(text) : nullptr;
  if (!chosen) return {bad};
  current_ = chosen->id;
  return {"OK"};
}

// ";action[:thread]..." The first action that fits a core is its own. All cores go on when one does: their
// order within a run is part of the simulated result. A step of one is done when it has executed an
// instruction; that of a VCPU which is on no core is over at once, where it is.
Reply GdbSession::resume(std::string_view actions) {
  std::vector<char> action(target_.cpus(), 0);
  while (take(actions, ";")) {
    if (actions.empty()) return {bad};
    const char what = actions[0];
    actions.remove_prefix(1);
    if (what == 'C' || what == 'S') {
      if (!take_number(actions)) return {bad};  // a signal: there is nobody to give it to
    } else if (what != 'c' && what != 's') {
      return {bad};
    }
    const char normal = what == 'C' || what == 'c' ? 'c' : 's';
    const DebugThread* only = nullptr;
    if (take(actions, ":") && !take(actions, "-1")) {
      only = thread_of(actions);
      if (!only) return {bad};
    }
    if (only && !only->cpu && normal == 's') return step_nowhere(*only);
    for (unsigned i = 0; i < action.size(); ++i)
      if (!action[i] && (!only || only->cpu == i)) action[i] = normal;
  }
  if (!actions.empty()) return {bad};
  for (unsigned i = 0; i < action.size(); ++i) {
    steps_[i] = action[i] == 's' ? threads_[i].id : 0;
    target_.cpu(i).request_step(action[i] == 's');
  }
  return {"", Reply::Next::resume, true};
}

Reply GdbSession::step_nowhere(const DebugThread& thread) {
  stopped_ = current_ = thread.id;
  stop_ = {DebugStop::Why::step, {}};
  return {stop_reply()};
}

// type,address,kind[;...]: 0 and 1 are the same here, no instruction is ever written into memory.
std::string GdbSession::point(bool set, std::string_view text) {
  const auto type = take_number(text);
  if (!type || *type > 4) return "";
  if (!take(text, ",")) return bad;
  const auto address = take_number(text);
  if (!address || !take(text, ",")) return bad;
  const auto size = take_number(text);
  if (!size || (*type >= 2 && (*size == 0 || *size > most_watched_bytes))) return bad;
  static constexpr DebugAccess kinds[] = {DebugAccess::execute, DebugAccess::execute, DebugAccess::write,
                                          DebugAccess::read, DebugAccess::access};
  const DebugPoint wanted{kinds[*type], *address, *type >= 2 ? *size : 1};
  const auto same = [&](const DebugPoint& p) {
    return p.kind == wanted.kind && p.va == wanted.va && p.size == wanted.size;
  };
  const auto found = std::find_if(points_.begin(), points_.end(), same);
  if (set == (found != points_.end())) return "OK";
  if (set && points_.size() == most_points) return bad;
  if (set)
    points_.push_back(wanted);
  else
    points_.erase(found);
  for (unsigned i = 0; i < target_.cpus(); ++i) target_.cpu(i).set_debug_points(points_);
  return "OK";
}

std::string GdbSession::registers() const {
  const CpuControl& cpu = control();
  const auto rows = cpu.registers();
  std::string out;
  for (unsigned i = 0; i < rows.size(); ++i) {
    std::string value(rows[i].bits / 8, '\0');
    cpu.read_register(i, bytes_of(value));
    out += to_hex(value);
  }
  return out;
}

/// Registers that cannot be written keep their value; gdb sends all when it changes one.
bool GdbSession::set_registers(std::string_view digits) {
  const auto raw = from_hex(digits);
  if (!raw) return false;
  CpuControl& cpu = control();
  const auto rows = cpu.registers();
  std::size_t at = 0;
  for (unsigned i = 0; i < rows.size() && at + rows[i].bits / 8 <= raw->size(); at += rows[i++].bits / 8) {
    std::string before(rows[i].bits / 8, '\0');
    cpu.read_register(i, bytes_of(before));
    const std::string_view after = std::string_view(*raw).substr(at, before.size());
    if (before != after) cpu.write_register(i, bytes_of(after));
  }
  return true;
}

std::string GdbSession::register_value(std::string_view text) const {
  const CpuControl& cpu = control();
  const auto index = take_number(text);
  if (!index || *index >= cpu.registers().size()) return bad;
  std::string value(cpu.registers()[*index].bits / 8, '\0');
  cpu.read_register(static_cast<unsigned>(*index), bytes_of(value));
  return to_hex(value);
}

std::string GdbSession::set_register(std::string_view text) {
  CpuControl& cpu = control();
  const auto index = take_number(text);
  if (!index || *index >= cpu.registers().size() || !take(text, "=")) return bad;
  const auto value = from_hex(text);
  if (!value || value->size() != cpu.registers()[*index].bits / 8) return bad;
  return cpu.write_register(static_cast<unsigned>(*index), bytes_of(std::string_view(*value))) ? "OK" : bad;
}

/// What registers hold needs no translation: a register stack whose page would miss.
bool GdbSession::copy(u64 address, std::span<u8> out) const {
  while (!out.empty()) {
    const std::size_t chunk = std::min<u64>(out.size(), frame_size - (address & frame_mask));
    u64 pa = address;
    const bool mapped = physical_ || control().translate(address, pa);
    const bool read = mapped && target_.read_physical(pa, out.first(chunk));
    for (std::size_t i = 0; i < chunk; ++i) {
      const bool held = !physical_ && control().read_held(address + i, out[i]);
      if (!held && !read) return false;
    }
    address += chunk;
    out = out.subspan(chunk);
  }
  return true;
}

bool GdbSession::store(u64 address, std::span<const u8> in) {
  while (!in.empty()) {
    const std::size_t chunk = std::min<u64>(in.size(), frame_size - (address & frame_mask));
    u64 pa = address;
    if (!physical_ && !control().translate(address, pa)) return false;
    if (!target_.write_physical(pa, in.first(chunk))) return false;
    for (std::size_t i = 0; !physical_ && i < chunk; ++i) control().write_held(address + i, in[i]);
    address += chunk;
    in = in.subspan(chunk);
  }
  return true;
}

std::string GdbSession::read_memory(std::string_view text) const {
  const auto address = take_number(text);
  if (!address || !take(text, ",")) return bad;
  const auto size = take_number(text);
  if (!size || *size > most_payload / 2) return bad;
  std::string data(*size, '\0');
  return copy(*address, bytes_of(data)) ? to_hex(data) : no_memory;
}

std::string GdbSession::write_memory(std::string_view text, bool binary) {
  const auto address = take_number(text);
  if (!address || !take(text, ",")) return bad;
  const auto size = take_number(text);
  if (!size || !take(text, ":")) return bad;
  const std::optional<std::string> data = binary ? std::string(text) : from_hex(text);
  if (!data || data->size() != *size) return bad;
  return store(*address, bytes_of(std::string_view(*data))) ? "OK" : no_memory;
}

}  // namespace xs::debug
