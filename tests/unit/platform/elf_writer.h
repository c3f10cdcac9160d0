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
  explicit ElfWriter(bool wide = true) : wide_(wide), machine_(wide ? EM_X86_64 : EM_386) {}
  /// A program for IA-64: e_entry counts, not a note.
  static ElfWriter ia64(u64 entry, bool wide = true) {
    ElfWriter w(wide);
    w.machine_ = EM_IA_64;
    w.start_ = entry;
    return w;
  }
  ElfWriter& flags(u32 value) {
    flags_ = value;
    return *this;
  }
  ElfWriter& type(u16 value) {
    type_ = value;
    return *this;
  }
  ElfWriter& load(u64 paddr, const std::string& bytes, u64 memory_size) {
    return load(paddr, paddr, bytes, memory_size);
  }
  ElfWriter& load(u64 paddr, u64 vaddr, const std::string& bytes, u64 memory_size) {
    parts_.push_back({PT_LOAD, paddr, vaddr, bytes, memory_size});
    return *this;
  }
  ElfWriter& entry(u32 address) {
    std::string note;
    for (u32 field : {u32{4}, u32{4}, u32{XEN_ELFNOTE_PHYS32_ENTRY}}) append(note, field);
    note.append("Xen", 4);
    append(note, address);
    parts_.push_back({PT_NOTE, 0, 0, note, 0});
    return *this;
  }
  std::vector<u8> bytes() const {
    return wide_ ? build<Elf64_Ehdr, Elf64_Phdr>() : build<Elf32_Ehdr, Elf32_Phdr>();
  }

 private:
  struct Part {
    u32 type;
    u64 paddr, vaddr;
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
    h.e_type = type_;
    h.e_machine = machine_;
    h.e_version = EV_CURRENT;
    h.e_entry = static_cast<decltype(h.e_entry)>(start_);
    h.e_flags = flags_;
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
      p.p_paddr = static_cast<decltype(p.p_paddr)>(part.paddr);
      p.p_vaddr = static_cast<decltype(p.p_vaddr)>(part.vaddr);
      p.p_filesz = static_cast<decltype(p.p_filesz)>(part.bytes.size());
      p.p_memsz = static_cast<decltype(p.p_memsz)>(part.memory_size);
      append(file, p);
      data += part.bytes;
    }
    file += data;
    return {file.begin(), file.end()};
  }

  bool wide_;
  u16 machine_, type_ = ET_EXEC;
  u32 flags_ = 0;
  u64 start_ = 0;
  std::vector<Part> parts_;
};

}  // namespace xs::platform::test
