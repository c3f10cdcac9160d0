#include "sim/platform/firmware/elf_image.h"

#include <fcntl.h>
#include <gelf.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xen/elfnote.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "sim/core/error.h"

namespace xs::platform {
namespace {

[[noreturn]] void bad(const std::string& name, const std::string& why) { throw Error(name + ": " + why); }

struct CloseElf {
  void operator()(Elf* elf) const { elf_end(elf); }
};
using ElfHandle = std::unique_ptr<Elf, CloseElf>;

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::vector<u8> read_start(const std::string& name, u64 most) {
  const FileDescriptor fd(open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  std::vector<u8> bytes(most);
  const ssize_t n = fd.get() < 0 ? 0 : pread(fd.get(), bytes.data(), most, 0);
  bytes.resize(n > 0 ? static_cast<u64>(n) : 0);
  return bytes;
}

bool inside(u64 offset, u64 size, u64 total) { return offset <= total && size <= total - offset; }

void check_x86(const std::string& name, const GElf_Ehdr& header) {
  if (header.e_ident[EI_DATA] != ELFDATA2LSB || (header.e_machine != EM_X86_64 && header.e_machine != EM_386))
    bad(name, "not an x86 ELF file");
  if (header.e_type != ET_EXEC && header.e_type != ET_DYN) bad(name, "not an ELF executable");
}

// Bits of e_flags: Itanium Processor-specific ABI 4.1.1.
void check_ia64(const std::string& name, const GElf_Ehdr& header) {
  if (header.e_machine != EM_IA_64) bad(name, "not an IA-64 ELF file");
  if (header.e_ident[EI_CLASS] != ELFCLASS64) bad(name, "a 32-bit IA-64 file; the machine takes 64-bit ones");
  constexpr u32 big_endian_data = 0x8;  // EF_IA_64_BE
  if (header.e_ident[EI_DATA] != ELFDATA2LSB || (header.e_flags & big_endian_data))
    bad(name, "for big-endian data; the machine takes little-endian files");
  if (header.e_type != ET_EXEC) bad(name, "not a static ELF executable");
}

void check_header(const std::string& name, Elf* elf, GElf_Ehdr& header, ElfFor target) {
  if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header)) bad(name, "not an ELF file");
  target == ElfFor::ia64 ? check_ia64(name, header) : check_x86(name, header);
}

// Notes are name size, descriptor size, type, name, descriptor, the last two padded to 4 bytes.
std::optional<u64> find_phys32_entry(const u8* notes, u64 size) {
  auto padded = [](u64 n) { return (n + 3) & ~u64{3}; };
  u64 at = 0;
  while (inside(at, 12, size)) {
    u32 field[3];
    std::memcpy(field, notes + at, sizeof field);
    const u64 name_at = at + 12, desc_at = name_at + padded(field[0]);
    if (!inside(desc_at, field[1], size)) break;
    const bool xen = field[0] == 4 && std::memcmp(notes + name_at, "Xen", 4) == 0;
    if (xen && field[2] == XEN_ELFNOTE_PHYS32_ENTRY && (field[1] == 4 || field[1] == 8)) {
      u64 entry = 0;
      std::memcpy(&entry, notes + desc_at, field[1]);
      return entry;
    }
    at = desc_at + padded(field[1]);
  }
  return std::nullopt;
}

void add_segment(ElfImage& image, const GElf_Phdr& header, size_t index) {
  const std::string which = "program header " + std::to_string(index);
  if (!inside(header.p_offset, header.p_filesz, image.bytes.size()))
    bad(image.name, which + " lies outside the file (truncated?)");
  if (header.p_type == PT_NOTE && !image.phys32_entry)
    image.phys32_entry = find_phys32_entry(image.bytes.data() + header.p_offset, header.p_filesz);
  if (header.p_type != PT_LOAD || header.p_memsz == 0) return;
  if (header.p_filesz > header.p_memsz) bad(image.name, which + " has more bytes in the file than in memory");
  if (header.p_paddr + header.p_memsz < header.p_paddr)
    bad(image.name, which + " wraps around the address space");
  image.segments.push_back(
      {header.p_paddr, header.p_offset, header.p_filesz, header.p_memsz, header.p_vaddr});
}

void check_overlaps(const ElfImage& image) {
  for (size_t i = 0; i < image.segments.size(); ++i)
    for (size_t k = 0; k < i; ++k) {
      const ElfSegment &a = image.segments[i], &b = image.segments[k];
      if (a.paddr < b.paddr + b.memory_size && b.paddr < a.paddr + a.memory_size)
        bad(image.name, "loadable segments overlap");
    }
}

}  // namespace

std::vector<u8> read_file(const std::string& name, u64 limit) {
  const FileDescriptor fd(open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (fd.get() < 0 || fstat(fd.get(), &info) != 0) bad(name, std::strerror(errno));
  if (!S_ISREG(info.st_mode)) bad(name, "not a regular file");
  const u64 size = static_cast<u64>(info.st_size);
  if (size > limit)
    bad(name, "too large: " + std::to_string(size) + " bytes, the limit here is " + std::to_string(limit));
  std::vector<u8> bytes(size);
  for (u64 done = 0; done < size;) {
    const ssize_t n = pread(fd.get(), bytes.data() + done, size - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) bad(name, std::strerror(errno));
    if (n == 0) bad(name, "became shorter while it was read");
    done += static_cast<u64>(n);
  }
  return bytes;
}

// e_machine lies at the same place in both classes; the byte order is that of the file.
ElfFor elf_target(const std::string& name) {
  const std::vector<u8> h = read_start(name, offsetof(Elf64_Ehdr, e_version));
  if (h.size() < offsetof(Elf64_Ehdr, e_version) || std::memcmp(h.data(), ELFMAG, SELFMAG) != 0)
    return ElfFor::x86;
  const unsigned first = h[EI_NIDENT + 2], second = h[EI_NIDENT + 3];
  const bool big = h[EI_DATA] == ELFDATA2MSB;
  return (big ? first << 8 | second : second << 8 | first) == EM_IA_64 ? ElfFor::ia64 : ElfFor::x86;
}

ElfImage parse_elf(std::string name, std::vector<u8> bytes, ElfFor target) {
  constexpr size_t most_headers = 256;  // bounds check_overlaps
  elf_version(EV_CURRENT);
  ElfImage image;
  image.name = std::move(name);
  image.bytes = std::move(bytes);
  ElfHandle elf(elf_memory(reinterpret_cast<char*>(image.bytes.data()), image.bytes.size()));
  if (!elf) bad(image.name, "not an ELF file");
  GElf_Ehdr header{};
  check_header(image.name, elf.get(), header, target);
  image.entry = header.e_entry;
  size_t count = 0;
  if (elf_getphdrnum(elf.get(), &count) != 0 || count == 0) bad(image.name, "no program headers");
  if (count > most_headers) bad(image.name, "more than " + std::to_string(most_headers) + " program headers");
  for (size_t i = 0; i < count; ++i) {
    GElf_Phdr segment{};
    if (!gelf_getphdr(elf.get(), static_cast<int>(i), &segment))
      bad(image.name, "program header " + std::to_string(i) + " lies outside the file (truncated?)");
    add_segment(image, segment, i);
  }
  if (image.segments.empty()) bad(image.name, "nothing to load");
  check_overlaps(image);
  return image;
}

}  // namespace xs::platform
