#include "guests/lib/elf_image.h"

#include <elf.h>
#include <xen/elfnote.h>
#include <xen/errno.h>

#include "arch_elf.h"
#include "guests/lib/string.h"

namespace {
const Elf64_Phdr* program_header(const ElfImage& elf, unsigned index) {
  auto* header = reinterpret_cast<const Elf64_Ehdr*>(elf.bytes);
  if (index >= header->e_phnum) return nullptr;
  return reinterpret_cast<const Elf64_Phdr*>(elf.bytes + header->e_phoff + index * sizeof(Elf64_Phdr));
}

bool range_ok(u64 offset, u64 length, u64 size) { return offset <= size && length <= size - offset; }

bool segments_ok(const ElfImage& elf) {
  for (unsigned i = 0; const Elf64_Phdr* p = program_header(elf, i); i++)
    if (!range_ok(p->p_offset, p->p_filesz, elf.size) || p->p_memsz < p->p_filesz ||
        p->p_vaddr + p->p_memsz < p->p_vaddr)
      if (p->p_type == PT_LOAD || p->p_type == PT_NOTE) return false;
  return true;
}

void take_note(XenNotes& notes, u32 type, const u8* data, u32 size) {
  u64 value = 0;
  memcpy(&value, data, min_of<u64>(size, sizeof value));
  switch (type) {
    case XEN_ELFNOTE_VIRT_BASE:
      notes.virt_base = value;
      break;
    case XEN_ELFNOTE_PADDR_OFFSET:
      notes.paddr_offset = value;
      break;
    case XEN_ELFNOTE_ENTRY:
      notes.entry = value;
      break;
    case XEN_ELFNOTE_HYPERCALL_PAGE:
      notes.hypercall_page = value;
      break;
    case XEN_ELFNOTE_SUPPORTED_FEATURES:
      notes.features = value;
      break;
    default:
      break;
  }
  notes.present = true;
}

// Note: name size, descriptor size, type, then both padded to 4 bytes.
void read_notes(XenNotes& notes, const u8* at, u64 left) {
  while (left >= sizeof(Elf64_Nhdr)) {
    auto* n = reinterpret_cast<const Elf64_Nhdr*>(at);
    u64 name = align_up(n->n_namesz, 4), desc = align_up(n->n_descsz, 4);
    if (name + desc > left - sizeof *n) return;
    const char* text = reinterpret_cast<const char*>(n + 1);
    if (n->n_namesz == 4 && !memcmp(text, "Xen", 4))
      take_note(notes, n->n_type, reinterpret_cast<const u8*>(text) + name, n->n_descsz);
    at += sizeof *n + name + desc;
    left -= sizeof *n + name + desc;
  }
}
}  // namespace

long elf_open(ElfImage& elf, const void* bytes, u64 size) {
  auto* h = static_cast<const Elf64_Ehdr*>(bytes);
  elf = {static_cast<const u8*>(bytes), size, 0};
  if (size < sizeof *h || memcmp(h->e_ident, ELFMAG, SELFMAG) || h->e_ident[EI_CLASS] != ELFCLASS64 ||
      h->e_ident[EI_DATA] != ELFDATA2LSB || h->e_machine != arch_elf_machine ||
      h->e_phentsize != sizeof(Elf64_Phdr))
    return -XEN_ENOEXEC;
  if (h->e_phoff % 8 || !range_ok(h->e_phoff, u64{h->e_phnum} * sizeof(Elf64_Phdr), size))
    return -XEN_ENOEXEC;
  elf.entry = h->e_entry;
  return segments_ok(elf) ? 0 : -XEN_ENOEXEC;
}

bool elf_visit_segments(const ElfImage& elf, SegmentVisitor visit, void* context) {
  for (unsigned i = 0; const Elf64_Phdr* p = program_header(elf, i); i++) {
    if (p->p_type != PT_LOAD || !p->p_memsz) continue;
    ElfSegment s{p->p_vaddr,
                 p->p_paddr,
                 p->p_memsz,
                 p->p_filesz,
                 elf.bytes + p->p_offset,
                 (p->p_flags & PF_W) != 0,
                 (p->p_flags & PF_X) != 0};
    if (!visit(context, s)) return false;
  }
  return true;
}

void elf_copy_part(const ElfSegment& s, u64 va, u64 bytes, void* to) {
  u64 first = max_of(va, s.va), end = min_of(va + bytes, s.va + s.file_bytes);
  if (first < end) memcpy(static_cast<u8*>(to) + (first - va), s.data + (first - s.va), end - first);
}

XenNotes elf_xen_notes(const ElfImage& elf) {
  constexpr u64 none = XenNotes::no_value;
  XenNotes notes{false, none, none, none, none, 0};
  for (unsigned i = 0; const Elf64_Phdr* p = program_header(elf, i); i++)
    if (p->p_type == PT_NOTE) read_notes(notes, elf.bytes + p->p_offset, p->p_filesz);
  return notes;
}
