#include <capstone/capstone.h>
#include <fmt/format.h>

#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/cpu_ia64/isa/disassemble.h"
#include "sim/observe/image.h"
#include "sim/platform/machine.h"

namespace xs::cli {
namespace {

struct DisasmOptions {
  std::string image, function, arch;
  unsigned bits = 64;
};

/// "; file:line" when it is another one than before.
std::string source_line(const observe::Image& image, u64 address, std::string& place) {
  const auto line = image.line_at(address);
  const std::string now = line ? fmt::format("{}:{}", line->file, line->line) : place;
  if (now == place) return "";
  place = now;
  return fmt::format("; {}\n", now);
}

/// " <name>" or " <name+0x10>" of a branch's target; "" where there is no function.
std::string target_name(const observe::Image& image, u64 target) {
  const observe::Function* f = image.function_at(target);
  if (!f) return "";
  return target == f->address ? fmt::format(" <{}>", f->name)
                              : fmt::format(" <{}+{:#x}>", f->name, target - f->address);
}

/// Of one architecture.
class Disassembler {
 public:
  virtual ~Disassembler() = default;
  virtual std::string function(const observe::Image& image, const observe::Function& f) const = 0;
};

class Ia64Disassembler final : public Disassembler {
 public:
  std::string function(const observe::Image& image, const observe::Function& f) const override {
    const u64 first = f.address & ~u64{ia64::bundle_size - 1};
    const auto code = image.code_at(first, f.address + f.size - first);
    std::string out = fmt::format("{:016x} <{}>:\n", f.address, f.name), place;
    for (u64 at = 0; at + ia64::bundle_size <= code.size(); at += ia64::bundle_size) {
      out += source_line(image, first + at, place);
      const ia64::Bundle bundle = ia64::Bundle::from_bytes(code.data() + at);
      std::string where = fmt::format("  {:x}: ", first + at);
      for (const std::string& line : ia64::disassemble_lines(bundle, first + at)) {
        out += where + line + branch(image, line) + "\n";
        where.assign(where.size(), ' ');
      }
    }
    return out + "\n";
  }

 private:
  /// Direct branches, calls and checks end with their target.
  static std::string branch(const observe::Image& image, std::string_view line) {
    while (line.ends_with(';')) line.remove_suffix(1);
    if (line.find("br") == line.npos && line.find("chk") == line.npos) return "";
    const std::string target(line.substr(line.find_last_of(" =,") + 1));
    if (!target.starts_with("0x")) return "";
    return target_name(image, std::strtoull(target.c_str(), nullptr, 16));
  }
};

class X86Disassembler final : public Disassembler {
 public:
  explicit X86Disassembler(unsigned bits) {
    if (cs_open(CS_ARCH_X86,
                bits == 64   ? CS_MODE_64
                : bits == 32 ? CS_MODE_32
                             : CS_MODE_16,
                &handle_) != CS_ERR_OK)
      throw Error("capstone cannot be opened");
    cs_option(handle_, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
    cs_option(handle_, CS_OPT_SKIPDATA, CS_OPT_ON);
  }
  ~X86Disassembler() override { cs_close(&handle_); }
  X86Disassembler(const X86Disassembler&) = delete;
  X86Disassembler& operator=(const X86Disassembler&) = delete;

  std::string function(const observe::Image& image, const observe::Function& f) const override {
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
  /// Direct branches and calls get their target's name.
  static std::string instruction(const observe::Image& image, const cs_insn& i) {
    std::string bytes;
    for (unsigned k = 0; k < i.size; ++k) bytes += fmt::format("{:02x} ", i.bytes[k]);
    std::string out = fmt::format("  {:x}: {:<34}{:<8} {}", i.address, bytes, i.mnemonic, i.op_str);
    if ((i.mnemonic[0] == 'j' || std::string_view(i.mnemonic).starts_with("call")) && i.op_str[0] == '0') {
      const u64 target = std::strtoull(i.op_str, nullptr, 16);
      out += target_name(image, target);
    }
    return out + "\n";
  }

  csh handle_ = 0;
};

int disasm(const DisasmOptions& o) {
  const observe::Image image(o.image);
  std::unique_ptr<Disassembler> disassembler;
  if ((o.arch.empty() ? platform::arch_of_image(o.image) : o.arch) == "ia64")
    disassembler = std::make_unique<Ia64Disassembler>();
  else
    disassembler = std::make_unique<X86Disassembler>(o.bits);
  bool found = false;
  for (const observe::Function& f : image.functions()) {
    if (!o.function.empty() && f.name != o.function && f.name.substr(0, f.name.find('(')) != o.function)
      continue;
    found = true;
    print(disassembler->function(image, f));
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
  c->add_option("--arch", o->arch, "Architecture of the code; by default the file's")
      ->check(CLI::IsMember({"x86_64", "ia64"}));
  c->add_option("--bits", o->bits, "Mode of x86 code: boot code runs in 16 or 32")
      ->check(CLI::IsMember({16u, 32u, 64u}))
      ->capture_default_str();
  c->footer("Example: xenoscope disasm build/images/x86_64/hypervisor.elf --function panic");
  c->callback([o, &action] { action = [o] { return disasm(*o); }; });
}

}  // namespace xs::cli
