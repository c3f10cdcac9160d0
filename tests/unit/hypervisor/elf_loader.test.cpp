// The kernel file is hostile: whatever bytes it has, elf_parse() answers, and a segment it accepts lies
// inside the file.
#include <catch2/catch.hpp>

#include <elf.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "hypervisor/common/elf_loader.h"

using namespace hv;

namespace {
struct Builder {
  std::vector<u8> bytes;
  std::vector<u8> notes;

  void note(u32 type, const void* desc, u32 size) {
    const Elf64_Nhdr header = {4, size, type};
    append(notes, &header, sizeof header);
    append(notes, "Xen", 4);
    append(notes, desc, size);
    notes.resize((notes.size() + 3) & ~size_t{3});
  }
  void number(u32 type, u64 value) { note(type, &value, sizeof value); }

  std::vector<u8> build(u64 paddr = 0x100000, u64 file_bytes = 0x1000, u64 memory_bytes = 0x3000) {
    Elf64_Ehdr header = {};
    memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = ET_EXEC;
    header.e_machine = EM_X86_64;
    header.e_entry = 0x100100;
    header.e_phoff = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 2;
    Elf64_Phdr load = {};
    load.p_type = PT_LOAD;
    load.p_offset = 0x1000;
    load.p_paddr = load.p_vaddr = paddr;
    load.p_filesz = file_bytes;
    load.p_memsz = memory_bytes;
    Elf64_Phdr note_segment = {};
    note_segment.p_type = PT_NOTE;
    note_segment.p_offset = 0x2000;
    note_segment.p_filesz = notes.size();
    bytes.assign(0x2000, 0);
    memcpy(bytes.data(), &header, sizeof header);
    memcpy(bytes.data() + sizeof header, &load, sizeof load);
    memcpy(bytes.data() + sizeof header + sizeof load, &note_segment, sizeof note_segment);
    bytes.insert(bytes.end(), notes.begin(), notes.end());
    return bytes;
  }

 private:
  static void append(std::vector<u8>& to, const void* from, size_t size) {
    const auto* p = static_cast<const u8*>(from);
    to.insert(to.end(), p, p + size);
  }
};

Builder good() {
  Builder b;
  b.note(XEN_ELFNOTE_XEN_VERSION, "xen-3.0", 8);
  b.number(XEN_ELFNOTE_VIRT_BASE, 0xffffffff80000000);
  b.number(XEN_ELFNOTE_PADDR_OFFSET, 0);
  b.number(XEN_ELFNOTE_ENTRY, 0xffffffff80100200);
  b.number(XEN_ELFNOTE_HYPERCALL_PAGE, 0xffffffff80101000);
  return b;
}
std::string error_of(const std::vector<u8>& bytes, GuestImage& image) {
  const char* error = elf_parse(bytes.data(), bytes.size(), KernelNotes::needed, image);
  return error ? error : "";
}
}  // namespace

TEST_CASE("notes place the kernel") {
  GuestImage image;
  CHECK(error_of(good().build(), image) == "");
  CHECK(image.entry == 0xffffffff80100200);
  CHECK(image.start == 0xffffffff80100000);
  CHECK(image.end == 0xffffffff80103000);
  CHECK(image.hypercall_page == 0xffffffff80101000);
  CHECK(image.init_p2m == kNoAddress);
  CHECK(image.segment_count == 1);
}

TEST_CASE("without PADDR_OFFSET physical addresses count from virt_base; without ENTRY the header's counts") {
  Builder b;
  b.number(XEN_ELFNOTE_VIRT_BASE, 0);
  GuestImage image;
  CHECK(error_of(b.build(), image) == "");
  CHECK(image.start == 0x100000);
  CHECK(image.entry == 0x100100);
}

TEST_CASE("inconsistent files are refused with a reason") {
  GuestImage image;
  CHECK(error_of({}, image) == "it is no ELF file");
  CHECK(error_of(good().build(0x100000, 0x10000, 0x20000), image) == "a segment lies outside the file");
  CHECK(error_of(good().build(0x100000, 0x1000, 0x800), image) == "a segment lies outside the file");
  CHECK(error_of(good().build(1ull << 40), image) == "a segment lies outside the guest's address range");
  Builder b = good();
  b.number(XEN_ELFNOTE_ENTRY, 0xffffffff80200000);
  CHECK(error_of(b.build(), image) == "its entry point lies outside its segments");
  b = good();
  b.number(XEN_ELFNOTE_HYPERCALL_PAGE, 0xffffffff80101800);
  CHECK(error_of(b.build(), image) == "its hypercall page lies outside its segments");
  b = good();
  b.note(XEN_ELFNOTE_XEN_VERSION, "xen-4.9", 8);
  CHECK(error_of(b.build(), image) == "its Xen version note is not xen-3.0");
  CHECK(error_of(Builder().build(), image) == "it has no Xen notes of a PV kernel");
  Builder pvh;
  pvh.number(XEN_ELFNOTE_PHYS32_ENTRY, 0x100000);
  CHECK(error_of(pvh.build(), image) == "it has no Xen notes of a PV kernel");
}

TEST_CASE("any truncation and any damage is survived") {
  const std::vector<u8> whole = good().build();
  std::mt19937_64 random(1);
  for (int round = 0; round < 20000; round++) {
    const size_t length = random() % 2 ? whole.size() : random() % (whole.size() + 1);
    std::vector<u8> bytes(whole.begin(), whole.begin() + static_cast<long>(length));
    for (u64 n = random() % 8; n > 0 && !bytes.empty(); n--) {
      // Damage where the structures are, rather than in the padding.
      const u64 limit = random() % 2 ? 256 : bytes.size();
      bytes[random() % std::min<u64>(limit, bytes.size())] = static_cast<u8>(random());
    }
    // A copy of its own, so that a sanitizer sees a read past the end.
    GuestImage image;
    if (elf_parse(bytes.data(), bytes.size(), KernelNotes::needed, image) != nullptr) continue;
    for (unsigned i = 0; i < image.segment_count; i++) {
      const GuestImage::Segment& s = image.segments[i];
      REQUIRE(s.file_offset + s.file_bytes <= bytes.size());
      REQUIRE(s.file_bytes <= s.memory_bytes);
      REQUIRE(s.start >= image.virt_base);
    }
  }
}
