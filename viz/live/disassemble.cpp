#include "viz/live/disassemble.h"

#include <capstone/capstone.h>

#include <array>
#include <cstring>
#include <memory>
#include <string_view>

#include "sim/cpu_ia64/isa/disassemble.h"

namespace xs::viz {
namespace {

constexpr unsigned lines = 24;

void add(std::vector<CodeLine>& out, const observe::Symbolizer& symbols, u64 address, std::string text,
         std::string& function) {
  CodeLine line{address, std::move(text), symbols.function(address)};
  if (line.symbol == function)
    line.symbol.clear();  // told once
  else
    function = line.symbol;
  out.push_back(std::move(line));
}

/// As many of `bytes` at `va` as are mapped.
std::size_t peek(const CpuView& view, u64 va, std::span<u8> bytes) {
  std::size_t n = 0;
  while (n < bytes.size() && view.peek_code(va + n, &bytes[n], 1)) ++n;
  return n;
}

std::vector<CodeLine> x86_code(const CpuView& view, const observe::Symbolizer& symbols, u64 pc, bool bits64) {
  std::array<u8, lines * 15> bytes;
  const std::size_t size = peek(view, pc, bytes);
  std::vector<CodeLine> out;
  csh handle = 0;
  if (cs_open(CS_ARCH_X86, bits64 ? CS_MODE_64 : CS_MODE_32, &handle) != CS_ERR_OK) return out;
  cs_option(handle, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
  cs_insn* list = nullptr;
  const std::size_t n = cs_disasm(handle, bytes.data(), size, pc, lines, &list);
  std::string function;
  for (std::size_t i = 0; i < n; ++i)
    add(out, symbols, list[i].address, std::string(list[i].mnemonic) + " " + list[i].op_str, function);
  cs_free(list, n);
  cs_close(&handle);
  return out;
}

std::vector<CodeLine> ia64_code(const CpuView& view, const observe::Symbolizer& symbols, u64 pc) {
  constexpr unsigned bundles = lines / 3, before = 2;
  std::vector<CodeLine> out;
  std::string function;
  u64 address = (pc & ~u64{15}) - before * ia64::bundle_size;
  for (unsigned i = 0; i < bundles; ++i, address += ia64::bundle_size) {
    ia64::Bundle bundle;
    if (!view.peek_code(address, &bundle, sizeof bundle)) continue;
    unsigned slot = 0;
    for (std::string& text : ia64::disassemble_lines(bundle, address))
      add(out, symbols, address + slot++, std::move(text), function);
  }
  return out;
}

}  // namespace

std::vector<CodeLine> code_around(platform::Machine& machine, const observe::Observer& observer,
                                  unsigned cpu) {
  const CpuView& view = machine.cpu(cpu);
  const CpuControl& control = machine.control(cpu);
  const observe::Symbolizer symbols = observer.symbols_on(cpu);
  if (std::string_view(control.architecture()).starts_with("ia64"))
    return ia64_code(view, symbols, control.linear_pc());
  constexpr u64 long_mode_active = 1 << 10;  // EFER.LMA, Intel SDM volume 3, 2.2.1
  return x86_code(view, symbols, control.linear_pc(), machine.cpu_reg(cpu, "efer") & long_mode_active);
}

}  // namespace xs::viz
