#include <capstone/capstone.h>
#include <fmt/format.h>

#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/observe/image.h"

namespace xs::cli {
namespace {

struct DisasmOptions {
  std::string image, function;
  unsigned bits = 64;
};

class Disassembler {
 public:
  explicit Disassembler(unsigned bits) {
    if (cs_open(CS_ARCH_X86,
                bits == 64   ? CS_MODE_64
                : bits == 32 ? CS_MODE_32
                             : CS_MODE_16,
                &handle_) != CS_ERR_OK)
      throw Error("capstone cannot be opened");
    cs_option(handle_, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
    cs_option(handle_, CS_OPT_SKIPDATA, CS_OPT_ON);
  }
  ~Disassembler() { cs_close(&handle_); }
  Disassembler(const Disassembler&) = delete;
  Disassembler& operator=(const Disassembler&) = delete;

  std::string function(const observe::Image& image, const observe::Function& f) const {
    const auto code = image.code_at(f.address, f.size);
    std::string out = fmt::format("{:016x} <{}>:\n", f.address, f.name), place;
    cs_insn* list = nullptr;
    const std::size_t n = cs_disasm(handle_, code.data(), code.size(), f.address, 0, &list);
    for (std::size_t i = 0; i < n; ++i)
      out += source_line(image, list[i].address, place) + instruction(image, list[i]);
    cs_free(list, n);
    return out + "\n";
  }

 private:
  /// "; file:line" when it is another one than before.
  static std::string source_line(const observe::Image& image, u64 address, std::string& place) {
    const auto line = image.line_at(address);
    const std::string now = line ? fmt::format("{}:{}", line->file, line->line) : place;
    if (now == place) return "";
    place = now;
    return fmt::format("; {}\n", now);
  }

  /// Direct branches and calls get their target's name.
  static std::string instruction(const observe::Image& image, const cs_insn& i) {
    std::string bytes;
    for (unsigned k = 0; k < i.size; ++k) bytes += fmt::format("{:02x} ", i.bytes[k]);
    std::string out = fmt::format("  {:x}: {:<34}{:<8} {}", i.address, bytes, i.mnemonic, i.op_str);
    if ((i.mnemonic[0] == 'j' || std::string_view(i.mnemonic).starts_with("call")) && i.op_str[0] == '0') {
      const u64 target = std::strtoull(i.op_str, nullptr, 16);
      if (const observe::Function* f = image.function_at(target))
        out += target == f->address ? fmt::format(" <{}>", f->name)
                                    : fmt::format(" <{}+{:#x}>", f->name, target - f->address);
    }
    return out + "\n";
  }

  csh handle_ = 0;
};

int disasm(const DisasmOptions& o) {
  const observe::Image image(o.image);
  const Disassembler disassembler(o.bits);
  bool found = false;
  for (const observe::Function& f : image.functions()) {
    if (!o.function.empty() && f.name != o.function && f.name.substr(0, f.name.find('(')) != o.function)
      continue;
    found = true;
    print(disassembler.function(image, f));
  }
  if (!found)
    throw Error(o.function.empty() ? fmt::format("{}: no function symbols", o.image)
                                   : fmt::format("{}: no function \"{}\"", o.image, o.function));
  return 0;
}

}  // namespace

void add_disasm(CLI::App& app, Action& action) {
  auto o = std::make_shared<DisasmOptions>();
  CLI::App* c = app.add_subcommand("disasm", "Disassemble an image with its symbols and source lines");
  c->add_option("image", o->image, "ELF file")->required();
  c->add_option("--function", o->function, "Only this function")->type_name("NAME");
  c->add_option("--bits", o->bits, "Mode of the code: boot code runs in 16 or 32")
      ->check(CLI::IsMember({16u, 32u, 64u}))
      ->capture_default_str();
  c->footer("Example: xenoscope disasm build/images/x86_64/hypervisor.elf --function panic");
  c->callback([o, &action] { action = [o] { return disasm(*o); }; });
}

}  // namespace xs::cli
