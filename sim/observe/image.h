// An ELF image as the observer reads it: taps, layout, symbols, source lines.
//
//     file --> bytes --> Image { load range, .xs_taps, .xs_layout, functions, DWARF lines }
//
// Input is hostile: a truncated or twisted file gives xs::Error, never a crash.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hypervisor/abi/observe.h"
#include "sim/core/error.h"
#include "sim/core/types.h"

namespace xs::observe {

struct Function {
  u64 address = 0, size = 0;
  std::string name;  ///< demangled
};

struct SourceLine {
  std::string file;  ///< as recorded by the compiler
  unsigned line = 0;
};

class Image {
 public:
  /// Throws Error: unreadable file, not ELF64 little endian, malformed sections.
  explicit Image(const std::string& file);
  /// The same from memory; `name` stands for the file in messages.
  Image(std::string name, std::vector<u8> bytes);
  ~Image();
  Image(Image&&) noexcept;
  Image& operator=(Image&&) noexcept;

  const std::string& name() const;       ///< last path component
  u64 content_hash() const;              ///< FNV-1a over the file: the build identity in traces
  std::span<const xs_tap> taps() const;  ///< in file order; empty when the section is absent
  const xs_layout* layout() const;       ///< null when the section is absent
  bool contains(u64 address) const;      ///< inside a loadable segment
  /// File bytes that the loader puts at `address`; empty beyond file contents.
  std::span<const u8> code_at(u64 address, u64 size) const;
  std::span<const Function> functions() const;     ///< ascending by address
  const Function* function_at(u64 address) const;  ///< null when none covers it
  std::optional<u64> symbol(const std::string& name) const;
  std::optional<SourceLine> line_at(u64 address) const;  ///< from DWARF; none without debug information

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xs::observe
