// General queries: what the stub can do, the register description, threads, and `monitor` commands.
#include <cstdio>

#include "sim/debug/packet.h"
#include "sim/debug/session.h"

namespace xs::debug {

namespace {

std::string escaped_xml(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

/// Types that gdb's features name but do not bring along (gdb manual, "Target Description Format").
constexpr const char* flag_types =
    R"(<flags id="i386_eflags" size="4"><field name="CF" start="0" end="0"/><field name="" start="1" end="1"/>)"
    R"(<field name="PF" start="2" end="2"/><field name="AF" start="4" end="4"/><field name="ZF" start="6" end="6"/>)"
    R"(<field name="SF" start="7" end="7"/><field name="TF" start="8" end="8"/><field name="IF" start="9" end="9"/>)"
    R"(<field name="DF" start="10" end="10"/><field name="OF" start="11" end="11"/>)"
    R"(<field name="NT" start="14" end="14"/><field name="RF" start="16" end="16"/>)"
    R"(<field name="VM" start="17" end="17"/><field name="AC" start="18" end="18"/></flags>)";
constexpr const char* vector_types =
    R"(<vector id="v4f" type="ieee_single" count="4"/><vector id="v2d" type="ieee_double" count="2"/>)"
    R"(<vector id="v16i8" type="int8" count="16"/><vector id="v8i16" type="int16" count="8"/>)"
    R"(<vector id="v4i32" type="int32" count="4"/><vector id="v2i64" type="int64" count="2"/>)"
    R"(<union id="vec128"><field name="v4_float" type="v4f"/><field name="v2_double" type="v2d"/>)"
    R"(<field name="v16_int8" type="v16i8"/><field name="v8_int16" type="v8i16"/>)"
    R"(<field name="v4_int32" type="v4i32"/><field name="v2_int64" type="v2i64"/>)"
    R"(<field name="uint128" type="uint128"/></union>)"
    R"(<flags id="i386_mxcsr" size="4"><field name="IE" start="0" end="0"/><field name="DE" start="1" end="1"/>)"
    R"(<field name="ZE" start="2" end="2"/><field name="OE" start="3" end="3"/><field name="UE" start="4" end="4"/>)"
    R"(<field name="PE" start="5" end="5"/><field name="DAZ" start="6" end="6"/><field name="IM" start="7" end="7"/>)"
    R"(<field name="DM" start="8" end="8"/><field name="ZM" start="9" end="9"/><field name="OM" start="10" end="10"/>)"
    R"(<field name="UM" start="11" end="11"/><field name="PM" start="12" end="12"/>)"
    R"(<field name="FZ" start="15" end="15"/></flags>)";

const char* types_of(std::string_view feature) {
  if (feature == "org.gnu.gdb.i386.core") return flag_types;
  return feature == "org.gnu.gdb.i386.sse" ? vector_types : "";
}

constexpr const char* monitor_help =
    "phys ADDRESS [BYTES]  shows machine memory (hexadecimal numbers; DRAM only)\n"
    "symbols               gdb commands that load the symbols of all that runs\n"
    "threads               all VCPUs, and what runs on each core\n"
    "time                  simulated time\n";

}  // namespace

Reply GdbSession::query(std::string_view text) {
  if (take(text, "Supported")) {
    tells_break_ = text.find("swbreak+") != std::string_view::npos;
    return {"PacketSize=" + hex_number(most_payload) +
            ";qXfer:features:read+;qXfer:threads:read+;QStartNoAckMode+;vContSupported+;swbreak+;hwbreak+"};
  }
  if (take(text, "Xfer:")) return {transfer(text)};
  if (text == "C") return {"QC" + hex_number(current_)};
  if (text == "fThreadInfo") {
    std::string list = "m";
    for (const DebugThread& t : threads_) list += (list.size() > 1 ? "," : "") + hex_number(t.id);
    return {list};
  }
  if (text == "sThreadInfo") return {"l"};
  if (take(text, "ThreadExtraInfo,")) {
    const DebugThread* asked = thread_of(text);
    return {asked ? to_hex(asked->name + (asked->more.empty() ? "" : ": " + asked->more)) : "E01"};
  }
  if (take(text, "Attached")) return {"1"};
  if (text == "qemu.PhyMemMode") return {physical_ ? "1" : "0"};
  if (take(text, "Rcmd,")) {
    const auto command = from_hex(text);
    if (!command) return {"E01"};
    const std::string output = monitor(*command);
    return {output.empty() ? "OK" : to_hex(output)};
  }
  return {};
}

Reply GdbSession::set(std::string_view text) {
  if (text == "StartNoAckMode") {
    acknowledges_ = false;
    return {"OK"};
  }
  if (take(text, "qemu.PhyMemMode:")) {
    if (text != "0" && text != "1") return {"E01"};
    physical_ = text == "1";
    return {"OK"};
  }
  return {};
}

/// object:read:annex:offset,length
std::string GdbSession::transfer(std::string_view text) const {
  std::string document;
  if (take(text, "features:read:target.xml:"))
    document = target_xml();
  else if (take(text, "threads:read::"))
    document = threads_xml();
  else
    return "";
  const auto offset = take_number(text);
  if (!offset || !take(text, ",")) return "E01";
  const auto length = take_number(text);
  if (!length || *offset > document.size()) return "E01";
  const std::string part = document.substr(*offset, std::min<u64>(*length, most_payload / 2));
  return (*offset + part.size() < document.size() ? "m" : "l") + part;
}

std::string GdbSession::target_xml() const {
  std::string xml =
      "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
      "<target version=\"1.0\"><architecture>";
  xml += std::string(target_.cpu(0).architecture()) + "</architecture>";
  std::string_view feature;
  for (const DebugRegister& r : target_.cpu(0).registers()) {
    if (r.feature == nullptr) return xml + "</target>";
    if (feature != r.feature) {
      if (!feature.empty()) xml += "</feature>";
      feature = r.feature;
      xml += "<feature name=\"" + std::string(feature) + "\">" + types_of(feature);
    }
    xml += std::string("<reg name=\"") + r.name + "\" bitsize=\"" + std::to_string(r.bits) + "\" type=\"" +
           r.type + "\"/>";
  }
  return xml + "</feature></target>";
}

std::string GdbSession::threads_xml() const {
  std::string xml = "<?xml version=\"1.0\"?><threads>";
  for (const DebugThread& t : threads_) {
    xml += "<thread id=\"" + hex_number(t.id) + "\"";
    if (t.cpu) xml += " core=\"" + std::to_string(*t.cpu) + "\"";
    xml += " name=\"" + escaped_xml(t.name) + "\">" + escaped_xml(t.more) + "</thread>";
  }
  return xml + "</threads>";
}

std::string GdbSession::monitor(std::string_view command) {
  if (take(command, "phys ")) return monitor_physical(command);
  if (command == "time") {
    char text[64];
    std::snprintf(text, sizeof text, "%.6f ms\n", static_cast<double>(target_.now_ps()) / 1e9);
    return text;
  }
  std::string out;
  if (command == "symbols") {
    for (const std::string& line : target_.symbol_commands()) out += line + "\n";
  } else if (command == "threads") {
    for (const DebugThread& t : threads_) out += t.name + (t.more.empty() ? "" : ": " + t.more) + "\n";
  } else {
    out = monitor_help;
  }
  return out;
}

std::string GdbSession::monitor_physical(std::string_view arguments) const {
  take(arguments, "0x");
  const auto address = take_number(arguments);
  u64 size = 64;
  if (address && take(arguments, " ")) {
    take(arguments, "0x");
    size = take_number(arguments).value_or(0);
  }
  if (!address || size == 0 || size > 4096 || !arguments.empty()) return monitor_help;
  std::string out;
  for (u64 at = 0; at < size; at += 16) {
    u8 row[16];
    const std::span<u8> bytes(row, std::min<u64>(16, size - at));
    if (!target_.read_physical(*address + at, bytes)) return out + hex_number(*address + at) + ": not DRAM\n";
    out += hex_number(*address + at) + ":";
    for (u8 b : bytes) out += " " + to_hex(std::span(&b, 1));
    out += "\n";
  }
  return out;
}

}  // namespace xs::debug
