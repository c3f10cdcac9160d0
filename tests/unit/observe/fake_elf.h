// A small ELF image made by hand: one loadable segment of code, tap and layout sections, symbols.
#pragma once
#include <elf.h>

#include <cstring>
#include <string>
#include <vector>

#include "hypervisor/abi/observe.h"
#include "sim/core/types.h"

namespace xs::test {

struct FakeElf {
  u64 code_address = 0xffff82d080000000;
  std::vector<u8> code = std::vector<u8>(256, 0x90);
  std::vector<xs_tap> taps;
  bool with_layout = true;
  xs_layout layout{XS_LAYOUT_MAGIC,
                   XS_LAYOUT_VERSION,
                   sizeof(xs_frame),
                   0xffff810000000000,
                   0xffff808000000000,
                   0xffff818000000000,
                   u64{1} << 44,
                   0xffff820000000000,
                   0,
                   0};
  struct Symbol {
    std::string name;
    u64 address, size;
    u8 type = STT_FUNC;
  };
  std::vector<Symbol> symbols;

  std::vector<u8> bytes() const {
    std::vector<u8> out(sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr));
    std::string names(1, '\0');
    std::vector<Elf64_Shdr> sections(1);
    const auto add = [&](const char* name, u32 type, const void* data, std::size_t size, u32 link,
                         u64 entry) {
      Elf64_Shdr s{};
      s.sh_name = static_cast<Elf64_Word>(names.size());
      names += std::string(name) + '\0';
      s.sh_type = type, s.sh_offset = out.size(), s.sh_size = size, s.sh_link = link, s.sh_entsize = entry,
      s.sh_addralign = 1;
      out.insert(out.end(), static_cast<const u8*>(data), static_cast<const u8*>(data) + size);
      sections.push_back(s);
    };
    const u64 code_offset = out.size();
    add(".text", SHT_PROGBITS, code.data(), code.size(), 0, 0);
    if (!taps.empty()) add(XS_TAP_SECTION, SHT_PROGBITS, taps.data(), taps.size() * sizeof(xs_tap), 0, 0);
    if (with_layout) add(XS_LAYOUT_SECTION, SHT_PROGBITS, &layout, sizeof layout, 0, 0);
    std::string strings(1, '\0');
    std::vector<Elf64_Sym> table(1);
    for (const Symbol& s : symbols) {
      Elf64_Sym e{};
      e.st_name = static_cast<Elf64_Word>(strings.size());
      e.st_value = s.address, e.st_size = s.size, e.st_info = ELF64_ST_INFO(STB_GLOBAL, s.type),
      e.st_shndx = 1;
      strings += s.name + '\0';
      table.push_back(e);
    }
    add(".strtab", SHT_STRTAB, strings.data(), strings.size(), 0, 0);
    add(".symtab", SHT_SYMTAB, table.data(), table.size() * sizeof(Elf64_Sym),
        static_cast<u32>(sections.size() - 1), sizeof(Elf64_Sym));
    const std::string last = ".shstrtab";
    const std::string all = names + last + '\0';
    add(last.c_str(), SHT_STRTAB, all.data(), all.size(), 0, 0);

    Elf64_Ehdr h{};
    std::memcpy(h.e_ident, ELFMAG, SELFMAG);
    h.e_ident[EI_CLASS] = ELFCLASS64, h.e_ident[EI_DATA] = ELFDATA2LSB, h.e_ident[EI_VERSION] = EV_CURRENT;
    h.e_type = ET_EXEC, h.e_machine = EM_X86_64, h.e_version = EV_CURRENT, h.e_entry = code_address;
    h.e_ehsize = sizeof h, h.e_phentsize = sizeof(Elf64_Phdr), h.e_phnum = 1, h.e_phoff = sizeof h;
    h.e_shentsize = sizeof(Elf64_Shdr), h.e_shnum = static_cast<Elf64_Half>(sections.size());
    h.e_shstrndx = static_cast<Elf64_Half>(sections.size() - 1), h.e_shoff = out.size();
    Elf64_Phdr p{};
    p.p_type = PT_LOAD, p.p_offset = code_offset, p.p_vaddr = p.p_paddr = code_address;
    p.p_filesz = code.size(), p.p_memsz = code.size(), p.p_flags = PF_R | PF_X;
    std::memcpy(out.data(), &h, sizeof h);
    std::memcpy(out.data() + sizeof h, &p, sizeof p);
    const u8* s = reinterpret_cast<const u8*>(sections.data());
    out.insert(out.end(), s, s + sections.size() * sizeof(Elf64_Shdr));
    return out;
  }
};

}  // namespace xs::test
