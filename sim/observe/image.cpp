#include "sim/observe/image.h"

#include <cxxabi.h>
#include <elfutils/libdw.h>
#include <fmt/format.h>
#include <gelf.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "sim/observe/hash.h"

namespace xs::observe {
namespace {

struct Segment {
  u64 address, memory_size, file_offset, file_size;
};

std::vector<u8> read_file(const std::string& file) {
  std::error_code ec;
  if (!std::filesystem::is_regular_file(file, ec)) throw Error(fmt::format("{}: no such file", file));
  std::ifstream in(file, std::ios::binary);
  if (!in) throw Error(fmt::format("{}: cannot be opened for reading", file));
  std::vector<u8> bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad()) throw Error(fmt::format("{}: read error", file));
  return bytes;
}

std::string demangled(const char* name) {
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status),
                                                   &std::free);
  if (status != 0 || !text) return name;
  std::string plain = text.get();
  // "f(int, char*)" -> "f": arguments only lengthen a backtrace.
  constexpr std::string_view anonymous = "(anonymous namespace)";
  std::size_t open = 0;
  while ((open = plain.find('(', open)) != std::string::npos) {
    const bool call_operator = plain.substr(0, open).ends_with("operator");
    if (plain.compare(open, anonymous.size(), anonymous) == 0)
      open += anonymous.size();
    else if (call_operator)
      open += 2;
    else
      return open == 0 ? plain : plain.substr(0, open);
  }
  return plain;
}

}  // namespace

struct Image::Impl {
  std::string name;
  std::vector<u8> bytes;
  u64 hash = 0;
  Elf* elf = nullptr;
  Dwarf* dwarf = nullptr;
  std::vector<Segment> segments;
  std::vector<xs_tap> taps;
  std::optional<xs_layout> layout;
  std::vector<Function> functions;
  std::vector<std::pair<std::string, u64>> symbols;  // ascending by name

  ~Impl() {
    if (dwarf) dwarf_end(dwarf);
    if (elf) elf_end(elf);
  }

  [[noreturn]] void fail(const std::string& why) const { throw Error(fmt::format("{}: {}", name, why)); }

  void open();
  void read_segments();
  void read_sections();
  void read_taps(Elf_Data* data);
  void read_layout(Elf_Data* data);
  void read_symbols(Elf_Scn* section, const GElf_Shdr& header, Elf_Data* data);
  void sort_symbols();
};

void Image::Impl::open() {
  elf_version(EV_CURRENT);
  if (bytes.size() < sizeof(Elf64_Ehdr) || std::memcmp(bytes.data(), ELFMAG, SELFMAG) != 0)
    fail("not an ELF file");
  if (bytes[EI_CLASS] != ELFCLASS64 || bytes[EI_DATA] != ELFDATA2LSB)
    fail("not a 64-bit little-endian ELF file");
  elf = elf_memory(reinterpret_cast<char*>(bytes.data()), bytes.size());
  if (!elf || elf_kind(elf) != ELF_K_ELF) fail(fmt::format("broken ELF file ({})", elf_errmsg(-1)));
  read_segments();
  read_sections();
  sort_symbols();
  dwarf = dwarf_begin_elf(elf, DWARF_C_READ, nullptr);  // null without debug information
}

void Image::Impl::read_segments() {
  std::size_t count = 0;
  if (elf_getphdrnum(elf, &count) != 0) fail("broken ELF program headers");
  for (std::size_t i = 0; i < count; ++i) {
    GElf_Phdr p;
    if (!gelf_getphdr(elf, static_cast<int>(i), &p)) fail("broken ELF program headers");
    if (p.p_type != PT_LOAD) continue;
    if (p.p_offset > bytes.size() || p.p_filesz > bytes.size() - p.p_offset || p.p_filesz > p.p_memsz)
      fail(fmt::format("truncated ELF file: segment {} ends outside it", i));
    segments.push_back({p.p_vaddr, p.p_memsz, p.p_offset, p.p_filesz});
  }
}

void Image::Impl::read_sections() {
  std::size_t names = 0, count = 0;
  if (elf_getshdrnum(elf, &count) != 0) fail("truncated ELF file: section headers lie outside it");
  if (count == 0) return;
  if (elf_getshdrstrndx(elf, &names) != 0) fail("broken ELF section headers");
  for (Elf_Scn* s = nullptr; (s = elf_nextscn(elf, s)) != nullptr;) {
    GElf_Shdr header;
    if (!gelf_getshdr(s, &header)) fail("broken ELF section headers");
    const char* section = elf_strptr(elf, names, header.sh_name);
    if (!section) continue;
    const bool is_taps = std::strcmp(section, XS_TAP_SECTION) == 0;
    const bool is_layout = std::strcmp(section, XS_LAYOUT_SECTION) == 0;
    if (!is_taps && !is_layout && header.sh_type != SHT_SYMTAB) continue;
    Elf_Data* data = header.sh_type == SHT_NOBITS ? nullptr : elf_getdata(s, nullptr);
    if (!data || (data->d_size != 0 && !data->d_buf))
      fail(fmt::format("section {} has no contents", section));
    if (is_taps)
      read_taps(data);
    else if (is_layout)
      read_layout(data);
    else
      read_symbols(s, header, data);
  }
}

void Image::Impl::read_taps(Elf_Data* data) {
  if (data->d_size % sizeof(xs_tap) != 0)
    fail(fmt::format("{}: {} bytes are no multiple of {}", XS_TAP_SECTION, data->d_size, sizeof(xs_tap)));
  for (std::size_t at = 0; at < data->d_size; at += sizeof(xs_tap)) {
    xs_tap tap;
    std::memcpy(&tap, static_cast<const u8*>(data->d_buf) + at, sizeof tap);
    const bool known = (tap.kind >= XS_TAP_STORE64 && tap.kind <= XS_TAP_CAS64) || tap.kind == XS_TAP_MARK ||
                       tap.kind == XS_TAP_GUEST_P2M;
    if (!known) fail(fmt::format("{}: unknown kind {} at {:#x}", XS_TAP_SECTION, tap.kind, tap.pc));
    taps.push_back(tap);
  }
}

void Image::Impl::read_layout(Elf_Data* data) {
  xs_layout l{};
  std::memcpy(&l, data->d_buf, std::min(data->d_size, sizeof l));
  if (data->d_size < offsetof(xs_layout, frame_entry_bytes))
    fail(fmt::format("{} is too short", XS_LAYOUT_SECTION));
  if (l.magic != XS_LAYOUT_MAGIC) fail(fmt::format("{}: wrong magic", XS_LAYOUT_SECTION));
  if (l.version != XS_LAYOUT_VERSION)
    fail(fmt::format("{}: version {} is not {}", XS_LAYOUT_SECTION, l.version, XS_LAYOUT_VERSION));
  if (data->d_size < sizeof l) fail(fmt::format("{} is too short", XS_LAYOUT_SECTION));
  if (l.frame_entry_bytes != sizeof(xs_frame))
    fail(fmt::format("{}: frame entries of {} bytes, expected {}", XS_LAYOUT_SECTION, l.frame_entry_bytes,
                     sizeof(xs_frame)));
  if (l.window_count > XS_MOST_WINDOWS)
    fail(fmt::format("{}: {} windows, more than {}", XS_LAYOUT_SECTION, l.window_count, XS_MOST_WINDOWS));
  if (l.windows_va % sizeof(u64) != 0)
    fail(fmt::format("{}: windows at {:#x}, which is no multiple of 8", XS_LAYOUT_SECTION, l.windows_va));
  layout = l;
}

void Image::Impl::read_symbols(Elf_Scn*, const GElf_Shdr& header, Elf_Data* data) {
  if (header.sh_entsize != sizeof(Elf64_Sym)) fail("broken ELF symbol table");
  const std::size_t count = data->d_size / sizeof(Elf64_Sym);
  for (std::size_t i = 0; i < count && i <= INT32_MAX; ++i) {
    GElf_Sym sym;
    if (!gelf_getsym(data, static_cast<int>(i), &sym)) fail("broken ELF symbol table");
    const char* text = elf_strptr(elf, header.sh_link, sym.st_name);
    if (!text || *text == '\0' || sym.st_shndx == SHN_UNDEF) continue;
    symbols.emplace_back(text, sym.st_value);
    const int type = GELF_ST_TYPE(sym.st_info);
    // Assembly labels are untyped: they count as functions when they lie in a loaded segment.
    const bool code_label =
        type == STT_NOTYPE && sym.st_shndx < SHN_LORESERVE && text[0] != '.' && text[0] != '$';
    if (type == STT_FUNC || code_label) functions.push_back({sym.st_value, sym.st_size, demangled(text)});
  }
}

void Image::Impl::sort_symbols() {
  std::sort(symbols.begin(), symbols.end());
  // At one address a sized (typed) function goes before labels.
  std::stable_sort(functions.begin(), functions.end(), [](const Function& a, const Function& b) {
    return a.address != b.address ? a.address < b.address : a.size > b.size;
  });
  for (std::size_t i = 0; i + 1 < functions.size(); ++i)
    if (functions[i].size == 0) functions[i].size = functions[i + 1].address - functions[i].address;
  if (!functions.empty() && functions.back().size == 0) functions.back().size = 1;
}

Image::Image(const std::string& file)
    : Image(std::filesystem::path(file).filename().string(), read_file(file)) {}

Image::Image(std::string name, std::vector<u8> bytes) : impl_(std::make_unique<Impl>()) {
  impl_->name = std::move(name);
  impl_->bytes = std::move(bytes);
  impl_->hash = fnv1a(impl_->bytes);
  impl_->open();
}

Image::~Image() = default;
Image::Image(Image&&) noexcept = default;
Image& Image::operator=(Image&&) noexcept = default;

const std::string& Image::name() const { return impl_->name; }
u64 Image::content_hash() const { return impl_->hash; }
std::span<const xs_tap> Image::taps() const { return impl_->taps; }
const xs_layout* Image::layout() const { return impl_->layout ? &*impl_->layout : nullptr; }
std::span<const Function> Image::functions() const { return impl_->functions; }

bool Image::contains(u64 address) const {
  return std::any_of(impl_->segments.begin(), impl_->segments.end(),
                     [&](const Segment& s) { return address - s.address < s.memory_size; });
}

std::span<const u8> Image::code_at(u64 address, u64 size) const {
  for (const Segment& s : impl_->segments) {
    const u64 offset = address - s.address;
    if (offset >= s.file_size) continue;
    if (size > s.file_size - offset) return {};
    return {impl_->bytes.data() + s.file_offset + offset, static_cast<std::size_t>(size)};
  }
  return {};
}

const Function* Image::function_at(u64 address) const {
  const auto& f = impl_->functions;
  auto it =
      std::upper_bound(f.begin(), f.end(), address, [](u64 a, const Function& x) { return a < x.address; });
  // Several symbols may start at one address: the first of them is the sized one.
  if (it == f.begin()) return nullptr;
  const u64 start = std::prev(it)->address;
  auto first = std::lower_bound(f.begin(), it, start, [](const Function& x, u64 a) { return x.address < a; });
  return address - first->address < first->size ? &*first : nullptr;
}

std::optional<u64> Image::symbol(const std::string& name) const {
  const auto& s = impl_->symbols;
  auto it = std::lower_bound(s.begin(), s.end(), name,
                             [](const auto& a, const std::string& n) { return a.first < n; });
  if (it == s.end() || it->first != name) return std::nullopt;
  return it->second;
}

std::optional<SourceLine> Image::line_at(u64 address) const {
  if (!impl_->dwarf) return std::nullopt;
  Dwarf_Die unit;
  if (!dwarf_addrdie(impl_->dwarf, address, &unit)) return std::nullopt;
  Dwarf_Line* line = dwarf_getsrc_die(&unit, address);
  if (!line) return std::nullopt;
  const char* file = dwarf_linesrc(line, nullptr, nullptr);
  int number = 0;
  if (!file || dwarf_lineno(line, &number) != 0) return std::nullopt;
  return SourceLine{file, static_cast<unsigned>(std::max(number, 0))};
}

}  // namespace xs::observe
