#include "sim/cpu_ia64/isa/disassemble.h"

#include <charconv>
#include <string_view>

#include "sim/cpu_ia64/isa/decode.h"
#include "sim/cpu_ia64/isa/tables.h"

namespace xs::ia64 {
namespace {

void put(std::string& out, u64 value, int base) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, base).ptr;
  out.append(digits, end);
}
void put_signed(std::string& out, u64 value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, static_cast<i64>(value)).ptr;
  out.append(digits, end);
}
void put_hex(std::string& out, u64 value) {
  out += "0x";
  put(out, value, 16);
}

/// What the tokens of a text stand for.
struct Slot {
  u64 bits, l_slot, address;
  const std::array<const Immediate*, 3>& imm;

  unsigned field(unsigned high, unsigned low) const {
    return static_cast<unsigned>(bits >> low & ((1u << (high - low + 1)) - 1));
  }
  u64 immediate(char number) const { return imm[static_cast<unsigned>(number - '1')]->extract(bits, l_slot); }
};

/// A completer that a field selects: a text for each of its values, then one for each with bit `more` set.
struct Hint {
  std::string_view token;
  u8 high, low;
  const char* text[8];
  u8 more = 0;  ///< bit of the slot that stands above the field; 0: none
};

// Intel SDM volume 3, 4.4.1 (loads, stores), 4.4.2 (line prefetch), 4.5.1 and 4.5.2 (branches). The manual
// leaves .d1 to .d7 without a meaning; Itanium 9500 gives them one, and objdump prints them.
constexpr Hint hints[] = {
    {"ldhint", 29, 28, {"", ".nt1", ".d2", ".nta"}},
    {"ldhint19", 29, 28, {"", ".nt1", ".d2", ".nta", ".d4", ".d5", ".d6", ".d7"}, 19},
    {"sthint", 29, 28, {"", ".d1", ".d2", ".nta"}},
    {"sthint12", 29, 28, {"", ".d1", ".d2", ".nta", ".d4", ".d5", ".d6", ".d7"}, 12},
    {"lfhint", 29, 28, {"", ".nt1", ".nt2", ".nta", ".d4", ".d5", ".d6", ".d7"}, 12},
    {"sf", 35, 34, {".s0", ".s1", ".s2", ".s3"}},
    {"bwh", 34, 33, {".sptk", ".spnt", ".dptk", ".dpnt"}},
    {"ph", 12, 12, {".few", ".many"}},
    {"dh", 35, 35, {"", ".clr"}},
    {"ipwh", 4, 3, {".sptk", ".loop", ".dptk", ".exit"}},
    {"indwh", 4, 3, {".sptk", ".wh1", ".dptk", ".wh3"}},
    {"mwh", 21, 20, {".sptk", "", ".dptk", ".wh3", ".ret.sptk", ".ret", ".ret.dptk", ".ret.wh3"}, 22},
    {"ih23", 23, 23, {"", ".imp"}},
    {"ih35", 35, 35, {"", ".imp"}},
};

void put_hint(std::string& out, const Slot& slot, std::string_view token) {
  for (const Hint& h : hints)
    if (h.token == token) {
      unsigned value = slot.field(h.high, h.low);
      if (h.more != 0) value |= slot.field(h.more, h.more) << (h.high - h.low + 1);
      out += h.text[value];
      return;
    }
}

/// "r1" to "f4": a register's letter and the place of its number. p2 stands in the fourth place.
void put_register(std::string& out, const Slot& slot, char letter, char place) {
  constexpr unsigned low[] = {6, 13, 20, 27};
  const unsigned width = letter == 'b' ? 3 : letter == 'p' ? 6 : 7;
  const unsigned from = letter == 'p' && place == '2' ? 27 : low[place - '1'];
  out += letter;
  put(out, slot.field(from + width - 1, from), 10);
}

void put_token(std::string& out, const Slot& slot, std::string_view token) {
  const char last = token.back();
  if (token == "ar3")
    out += application_register_name(slot.field(26, 20));
  else if (token == "cr3")
    out += control_register_name(slot.field(26, 20));
  else if (token == "low3")
    put(out += 'r', slot.field(21, 20), 10);
  else if (token.size() == 2 && last >= '1' && last <= '4')
    put_register(out, slot, token[0], last);
  else if (token.starts_with("imm"))
    put_signed(out, slot.immediate(last));
  else if (token.starts_with("hex"))
    put_hex(out, slot.immediate(last));
  else if (token.starts_with("target"))
    put_hex(out, slot.address + slot.immediate(last));
  else
    put_hint(out, slot, token);
}

bool is_token_character(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

void expand(std::string& out, const Slot& slot, std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '%') {
      out += text[at++];
      continue;
    }
    const std::size_t from = ++at;
    while (at < text.size() && is_token_character(text[at])) ++at;
    put_token(out, slot, text.substr(from, at - from));
  }
}

const Alias* alias_of(const Row& row, u64 slot) {
  for (const Alias& a : aliases())
    if (std::string_view(a.format) == row.format && a.matches(slot)) return &a;
  return nullptr;
}

std::string predicate(const Row* row, u64 slot) {
  const unsigned qp = slot & 63;
  if (row == nullptr || qp == 0 || row->has(flag::unpredicated)) return "";
  return std::string("(p") + static_cast<char>('0' + qp / 10) + static_cast<char>('0' + qp % 10) + ") ";
}

/// A slot without an instruction, as objdump shows it.
std::string data8(u64 slot) {
  std::string digits;
  put(digits, slot, 16);
  return "data8 0x" + std::string(digits.size() < 9 ? 9 - digits.size() : 0, '0') + digits;
}

std::string instruction(const Row* row, u64 slot, u64 address, u64 l_slot) {
  if (row == nullptr) return data8(slot);
  std::string out;
  const Alias* alias = alias_of(*row, slot);
  if (alias != nullptr)
    expand(out, {slot, l_slot, address, alias->imm}, alias->text);
  else
    expand(out, {slot, l_slot, address, row->imm}, row->text);
  return out;
}

/// Predicate and text of slot `n` apart, for the two ways to put them together.
struct Parts {
  std::string predicate, text;
};

Parts parts_of(const Bundle& bundle, unsigned n, u64 address) {
  const Template& layout = bundle.layout();
  if (layout.reserved()) return {"", data8(bundle.slot(n))};
  const bool is_long = layout.long_immediate() && n == 1;
  const u64 slot = bundle.slot(is_long ? 2 : n);
  const Row* row = find(is_long ? Unit::x : layout.unit[n], slot);
  Parts parts{predicate(row, slot), instruction(row, slot, address, is_long ? bundle.slot(1) : 0)};
  if (row != nullptr && layout.stop_after(is_long ? 2 : n)) parts.text += ";;";
  return parts;
}

std::string layout_name(const Bundle& bundle) {
  std::string name;
  if (bundle.layout().reserved()) {
    put(name, bundle.template_number() / 2, 16);  // objdump numbers the pairs of templates
    return "-" + name + "-";
  }
  for (const Unit u : bundle.layout().unit) name += "MIFBLX"[static_cast<unsigned>(u)];
  return name;
}

}  // namespace

std::string disassemble(Unit unit, u64 slot, u64 address, u64 l_slot) {
  const Row* row = find(unit, slot);
  return predicate(row, slot) + instruction(row, slot, address, l_slot);
}

std::string disassemble(const Bundle& bundle, unsigned n, u64 address) {
  const Parts parts = parts_of(bundle, n, address);
  return parts.predicate + parts.text;
}

std::vector<std::string> disassemble_lines(const Bundle& bundle, u64 address) {
  std::vector<std::string> lines;
  const unsigned count = bundle.layout().long_immediate() ? 2 : 3;
  for (unsigned n = 0; n < count; ++n) {
    Parts parts = parts_of(bundle, n, address);
    if (parts.predicate.empty()) parts.predicate.assign(6, ' ');
    lines.push_back((n == 0 ? "[" + layout_name(bundle) + "] " : std::string(6, ' ')) + parts.predicate +
                    parts.text);
  }
  return lines;
}

}  // namespace xs::ia64
