#include "hypervisor/common/elf_loader.h"

#include <elf.h>

#include "hypervisor/common/lib.h"

namespace hv {

namespace {
constexpr u64 kMaxImageBytes = 1ull << 32;

/// Reads from the file by value: nothing in it need be aligned.
class File {
 public:
  File(const u8* bytes, u64 size) : bytes_(bytes), size_(size) {}
  bool covers(u64 offset, u64 bytes) const { return offset <= size_ && bytes <= size_ - offset; }
  template <typename T>
  bool read(u64 offset, T& value) const {
    if (!covers(offset, sizeof value)) return false;
    memcpy(&value, bytes_ + offset, sizeof value);
    return true;
  }
  const u8* at(u64 offset) const { return bytes_ + offset; }

 private:
  const u8* bytes_;
  u64 size_;
};

/// Element `index` of a table in the file.
template <typename T>
bool read_entry(const File& file, u64 table, u64 entry_size, u64 index, T& value) {
  u64 offset;
  if (entry_size < sizeof(T) || __builtin_mul_overflow(index, entry_size, &offset)) return false;
  return !__builtin_add_overflow(table, offset, &offset) && file.read(offset, value);
}

u64 note_number(const u8* desc, u32 size) {
  u64 value = 0;
  memcpy(&value, desc, size < sizeof value ? size : sizeof value);
  return value;
}

bool note_is_text(const u8* desc, u32 size, const char* text) {
  const size_t length = strlen(text);
  return size >= length && memcmp(desc, text, length) == 0;
}

const char* apply_note(GuestImage& image, u32 type, const u8* desc, u32 size) {
  const u64 number = note_number(desc, size);
  switch (type) {
    case XEN_ELFNOTE_ENTRY:
      image.entry = number;
      break;
    case XEN_ELFNOTE_VIRT_BASE:
      image.virt_base = number;
      break;
    case XEN_ELFNOTE_PADDR_OFFSET:
      image.paddr_offset = number;
      break;
    case XEN_ELFNOTE_HYPERCALL_PAGE:
      image.hypercall_page = number;
      break;
    case XEN_ELFNOTE_INIT_P2M:
      image.init_p2m = number;
      break;
    case XEN_ELFNOTE_SUPPORTED_FEATURES:
      image.features = number;
      break;
    case XEN_ELFNOTE_MOD_START_PFN:
      image.module_start_is_pfn = number != 0;
      break;
    case XEN_ELFNOTE_XEN_VERSION:
      if (!note_is_text(desc, size, "xen-3.0")) return "its Xen version note is not xen-3.0";
      break;
    default:
      break;  // descriptive, or about features that need nothing here
  }
  return nullptr;
}

/// A kernel for PVH or for the bare machine may have notes of Xen's as well: these are a PV kernel's.
bool is_pv_note(u32 type) {
  return type == XEN_ELFNOTE_XEN_VERSION || type == XEN_ELFNOTE_VIRT_BASE || type == XEN_ELFNOTE_ENTRY ||
         type == XEN_ELFNOTE_HYPERCALL_PAGE;
}

constexpr u64 aligned4(u64 value) { return (value + 3) & ~3ull; }

const char* parse_notes(const File& file, u64 offset, u64 bytes, GuestImage& image, bool& found) {
  if (!file.covers(offset, bytes)) return "a note segment lies outside the file";
  const u64 end = offset + bytes;
  while (end - offset >= sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr note;
    if (!file.read(offset, note)) return "a note is cut off";
    const u64 name = offset + sizeof note;
    const u64 desc = name + aligned4(note.n_namesz), next = desc + aligned4(note.n_descsz);
    if (desc > end || note.n_descsz > end - desc) return "a note is longer than its segment";
    if (note.n_namesz == 4 && memcmp(file.at(name), "Xen", 4) == 0) {
      found |= is_pv_note(note.n_type);
      if (const char* error = apply_note(image, note.n_type, file.at(desc), note.n_descsz)) return error;
    }
    offset = min_of(next, end);
  }
  return nullptr;
}

// Kernels before Xen 3.1: one string "KEY=value,KEY=value" in section __xen_guest. Addresses are hexadecimal;
// the hypercall page is a page number relative to virt_base.
void parse_legacy(const char* text, u64 size, GuestImage& image) {
  u64 hypercall_pfn = kNoAddress;
  for (u64 at = 0; at < size && text[at] != 0;) {
    char item[64] = {};
    u64 length = 0;
    for (; at < size && text[at] != 0 && text[at] != ','; at++)
      if (length < sizeof item - 1) item[length++] = text[at];
    if (at < size && text[at] == ',') at++;
    const auto value_of = [&](const char* key) -> const char* {
      const size_t n = strlen(key);
      return strncmp(item, key, n) == 0 ? item + n : nullptr;
    };
    if (const char* v = value_of("VIRT_BASE=")) image.virt_base = parse_number(v);
    if (const char* v = value_of("VIRT_ENTRY=")) image.entry = parse_number(v);
    if (const char* v = value_of("ELF_PADDR_OFFSET=")) image.paddr_offset = parse_number(v);
    if (const char* v = value_of("HYPERCALL_PAGE=")) hypercall_pfn = parse_number(v);
  }
  if (hypercall_pfn < kMaxImageBytes >> kPageShift)
    image.hypercall_page = image.virt_base + (hypercall_pfn << kPageShift);
}

const char* find_notes(const File& file, const Elf64_Ehdr& header, KernelNotes notes, GuestImage& image) {
  const char* const none = notes == KernelNotes::needed ? "it has no Xen notes of a PV kernel" : nullptr;
  bool found = false;
  for (unsigned i = 0; i < header.e_phnum; i++) {
    Elf64_Phdr segment;
    if (!read_entry(file, header.e_phoff, header.e_phentsize, i, segment))
      return "its program headers are cut off";
    if (segment.p_type != PT_NOTE) continue;
    if (const char* error = parse_notes(file, segment.p_offset, segment.p_filesz, image, found)) return error;
  }
  Elf64_Shdr section, names;
  if (found || !read_entry(file, header.e_shoff, header.e_shentsize, header.e_shstrndx, names))
    return found ? nullptr : none;
  for (unsigned i = 0; i < header.e_shnum; i++) {
    if (!read_entry(file, header.e_shoff, header.e_shentsize, i, section))
      return "its section headers are cut off";
    char name[12] = {};
    u64 name_at;
    const bool named =
        !__builtin_add_overflow(names.sh_offset, u64{section.sh_name}, &name_at) && file.read(name_at, name);
    if (section.sh_type == SHT_NOTE) {
      if (const char* error = parse_notes(file, section.sh_offset, section.sh_size, image, found))
        return error;
    } else if (named && memcmp(name, "__xen_guest", 12) == 0 &&
               file.covers(section.sh_offset, section.sh_size)) {
      parse_legacy(reinterpret_cast<const char*>(file.at(section.sh_offset)), section.sh_size, image);
      found = true;
    }
  }
  return found ? nullptr : none;
}

const char* add_segment(const File& file, const Elf64_Phdr& p, GuestImage& image) {
  if (p.p_filesz > p.p_memsz || !file.covers(p.p_offset, p.p_filesz))
    return "a segment lies outside the file";
  if (image.segment_count == GuestImage::kMaxSegments) return "it has too many segments";
  const Vaddr start = p.p_paddr - image.paddr_offset + image.virt_base;
  if (start < image.virt_base || p.p_memsz > kMaxImageBytes || start - image.virt_base > kMaxImageBytes)
    return "a segment lies outside the guest's address range";
  if (start + p.p_memsz < start) return "a segment wraps around the address space";
  image.segments[image.segment_count++] = {start, p.p_offset, p.p_filesz, p.p_memsz};
  image.start = min_of(image.start, start);
  image.end = max_of(image.end, start + p.p_memsz);
  return nullptr;
}

const char* check_header(const File& file, Elf64_Ehdr& header) {
  if (!file.read(0, header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return "it is no ELF file";
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
    return "it is no 64-bit little-endian ELF file";
  if (header.e_type != ET_EXEC && header.e_type != ET_DYN) return "it is no executable";
  return nullptr;
}
}  // namespace

const char* elf_parse(const u8* bytes, u64 size, KernelNotes notes, GuestImage& image) {
  const File file(bytes, size);
  Elf64_Ehdr header;
  if (const char* error = check_header(file, header)) return error;
  image = GuestImage{};
  image.machine = header.e_machine;
  if (const char* error = find_notes(file, header, notes, image)) return error;
  // Kernels of before PADDR_OFFSET existed have physical addresses that are virtual ones.
  if (image.paddr_offset == kNoAddress) image.paddr_offset = image.virt_base;
  if (image.entry == kNoAddress) image.entry = header.e_entry;
  for (unsigned i = 0; i < header.e_phnum; i++) {
    Elf64_Phdr segment;
    if (!read_entry(file, header.e_phoff, header.e_phentsize, i, segment))
      return "its program headers are cut off";
    if (segment.p_type != PT_LOAD || segment.p_memsz == 0) continue;
    if (const char* error = add_segment(file, segment, image)) return error;
  }
  if (image.segment_count == 0) return "it has no segment to load";
  if (!image.contains(image.entry)) return "its entry point lies outside its segments";
  if (image.hypercall_page != kNoAddress &&
      (image.hypercall_page % kPageSize != 0 || !image.contains(image.hypercall_page)))
    return "its hypercall page lies outside its segments";
  return nullptr;
}

}  // namespace hv
