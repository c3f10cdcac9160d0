// Builds small ELF executables, good and bad, byte by byte.
#pragma once
#include <elf.h>
#include <xen/elfnote.h>

#include <cstring>
#include <string>
#include <vector>

#include "sim/core/types.h"

namespace xs::platform::test {

class ElfWriter {
 public:
  explicit ElfWriter(bool wide = true) : wide_(wide) {}
  ElfWriter& load(u64 paddr, const std::string& bytes, u64 memory_size) {
    parts_.push_back({PT_LOAD, paddr, bytes, memory_size});
    return *this;
  }
  ElfWriter& entry(u32 address) {
    std::string note;
    for (u32 field : {u32{4}, u32{4}, u32{XEN_ELFNOTE_PHYS32_ENTRY}}) append(note, field);
    note.append("Xen", 4);
    append(note, address);
    parts_.push_back({PT_NOTE, 0, note, 0});
    return *this;
  }
  std::vector<u8> bytes() const {
    return wide_ ? build<Elf64_Ehdr, Elf64_Phdr>() : build<Elf32_Ehdr, Elf32_Phdr>();
  }

 private:
  struct Part {
    u32 type;
    u64 paddr;
    std::string bytes;
    u64 memory_size;
  };
  template <class T>
  static void append(std::string& to, const T& value) {
    to.append(reinterpret_cast<const char*>(&value), sizeof value);
  }

  template <class Ehdr, class Phdr>
  std::vector<u8> build() const {
    Ehdr h{};
    std::memcpy(h.e_ident, ELFMAG, SELFMAG);
    h.e_ident[EI_CLASS] = wide_ ? ELFCLASS64 : ELFCLASS32;
    h.e_ident[EI_DATA] = ELFDATA2LSB;
    h.e_ident[EI_VERSION] = EV_CURRENT;
    h.e_type = ET_EXEC;
    h.e_machine = wide_ ? EM_X86_64 : EM_386;
    h.e_version = EV_CURRENT;
    h.e_phoff = sizeof h;
    h.e_ehsize = sizeof h;
    h.e_phentsize = sizeof(Phdr);
    h.e_phnum = static_cast<Elf64_Half>(parts_.size());
    std::string file, data;
    append(file, h);
    const u64 data_at = sizeof h + parts_.size() * sizeof(Phdr);
    for (const Part& part : parts_) {
      Phdr p{};
      p.p_type = part.type;
      p.p_offset = static_cast<decltype(p.p_offset)>(data_at + data.size());
      p.p_paddr = p.p_vaddr = static_cast<decltype(p.p_paddr)>(part.paddr);
      p.p_filesz = static_cast<decltype(p.p_filesz)>(part.bytes.size());
      p.p_memsz = static_cast<decltype(p.p_memsz)>(part.memory_size);
      append(file, p);
      data += part.bytes;
    }
    file += data;
    return {file.begin(), file.end()};
  }

  bool wide_;
  std::vector<Part> parts_;
};

}  // namespace xs::platform::test
