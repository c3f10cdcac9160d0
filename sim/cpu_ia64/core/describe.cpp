#include "sim/cpu_ia64/core/describe.h"

#include <cstdio>

#include "sim/cpu_ia64/isa/disassemble.h"

namespace xs::ia64 {
namespace {

template <class... Arguments>
std::string format(const char* text, Arguments... arguments) {
  char out[160];
  std::snprintf(out, sizeof out, text, arguments...);
  return out;
}
using Number = unsigned long long;  // what %llx takes

const u8* code_at(const Core& core, const MemoryPort& memory, u64 bundle) {
  const Processor& p = core.processor();
  u64 pa = bundle & ~(u64{1} << 63);
  if ((p.r.psr & psr::it) != 0 && !p.mmu.probe(bundle, true, pa)) return nullptr;
  return memory.readable(pa & ~u64{bundle_size - 1});
}

/// Registers go into lines of four.
class Lines {
 public:
  void add(const std::string& name, u64 value, const char* mark = "") {
    line_ += format("%9s %016llx%s", name.c_str(), static_cast<Number>(value), *mark ? mark : " ");
    if (++count_ == 4) end_line();
  }
  void end_line() {
    if (count_ != 0) lines_.push_back(line_.substr(0, line_.find_last_not_of(' ') + 1));
    line_.clear();
    count_ = 0;
  }
  std::vector<std::string> take() {
    end_line();
    return std::move(lines_);
  }

 private:
  std::vector<std::string> lines_;
  std::string line_;
  unsigned count_ = 0;
};

void add_general(Lines& lines, const Processor& p) {
  const unsigned top = 32 + p.stack.frame().sof();
  for (unsigned n = 0; n < top; ++n)
    lines.add("r" + std::to_string(n), p.r.gr[p.r.place(n)],
              p.any_nat && p.r.nat[p.r.place(n)] != 0 ? "N" : "");
  lines.end_line();
  for (unsigned n = 0; n < 16; ++n)
    lines.add("bank.r" + std::to_string(16 + n), p.r.gr[Registers::place(16 + n, (p.r.psr & psr::bn) == 0)]);
  lines.end_line();
}

void add_application(Lines& lines, const Processor& p) {
  const Registers& r = p.r;
  for (unsigned n = 0; n < 8; ++n) lines.add("b" + std::to_string(n), r.br[n]);
  for (unsigned n = 0; n < 8; ++n) lines.add("ar.kr" + std::to_string(n), r.kr[n]);
  const std::pair<const char*, u64> application[] = {{"ar.rsc", r.rsc},
                                                     {"ar.bsp", p.stack.bsp()},
                                                     {"bspstore", p.stack.bspstore()},
                                                     {"ar.rnat", p.stack.rnat()},
                                                     {"ar.pfs", r.pfs},
                                                     {"ar.lc", r.lc},
                                                     {"ar.ec", r.ec},
                                                     {"ar.ccv", r.ccv},
                                                     {"ar.unat", r.unat},
                                                     {"ar.fpsr", r.fpsr},
                                                     {"ar.itc", p.itc()},
                                                     {"pr", r.pr}};
  for (const auto& [name, value] : application) lines.add(name, value);
  lines.end_line();
}

void add_control(Lines& lines, const Processor& p) {
  const Registers& r = p.r;
  const std::pair<const char*, u64> control[] = {{"ip", r.ip},
                                                 {"psr", r.psr},
                                                 {"cfm", p.stack.frame().raw},
                                                 {"cr.dcr", r.dcr},
                                                 {"cr.iva", r.iva},
                                                 {"cr.pta", p.mmu.table()},
                                                 {"cr.itm", r.itm},
                                                 {"cr.iip", r.iip},
                                                 {"cr.ipsr", r.ipsr},
                                                 {"cr.isr", r.isr},
                                                 {"cr.ifs", r.ifs},
                                                 {"cr.ifa", r.ifa},
                                                 {"cr.itir", r.itir},
                                                 {"cr.iipa", r.iipa},
                                                 {"cr.iim", r.iim},
                                                 {"cr.iha", r.iha},
                                                 {"cr.lid", p.sapic.lid()},
                                                 {"cr.tpr", p.sapic.tpr()},
                                                 {"cr.itv", p.sapic.vector_register(0)}};
  for (const auto& [name, value] : control) lines.add(name, value);
  for (unsigned n = 0; n < 4; ++n) lines.add("irr" + std::to_string(n), p.sapic.irr(n));
  lines.end_line();
  for (unsigned n = 0; n < 8; ++n) lines.add("rr" + std::to_string(n), p.mmu.region(n));
}

}  // namespace

std::string describe_instruction(const Core& core, const MemoryPort& memory, u64 bundle, unsigned slot) {
  std::string place = format("0x%llx slot %u", static_cast<Number>(bundle), slot);
  const u8* code = code_at(core, memory, bundle);
  if (!code) return place;
  const Bundle bits = Bundle::from_bytes(code);
  if (bits.layout().reserved()) return place + ": a bundle of a reserved template";
  const unsigned shown = bits.layout().long_immediate() && slot == 2 ? 1 : slot;
  return place + ": " + disassemble(bits, shown, bundle);
}

std::vector<std::string> describe_place(const Core& core, const MemoryPort& memory) {
  const Registers& r = core.processor().r;
  std::vector<std::string> lines = {"at " + describe_instruction(core, memory, r.ip, r.ri())};
  const char* when = "last interruption: ";
  for (const PastInterruption& past : core.past_interruptions()) {
    lines.push_back(
        when + std::string(vector_name(past.vector())) + " at " +
        describe_instruction(core, memory, past.trap.pc & ~u64{15}, static_cast<unsigned>(past.trap.pc & 3)) +
        format(", isr 0x%llx, address 0x%llx", static_cast<Number>(past.trap.error),
               static_cast<Number>(past.trap.address)));
    when = "before it:         ";
  }
  return lines;
}

std::vector<std::string> describe_registers(const Core& core) {
  Lines lines;
  const Processor& p = core.processor();
  add_control(lines, p);
  lines.end_line();
  add_general(lines, p);
  add_application(lines, p);
  return lines.take();
}

}  // namespace xs::ia64
