// Just enough of an ACPI Machine Language encoder for this machine's DSDT. Every function returns encoded
// bytes; bodies are concatenations. Source: ACPI 6.4, chapter 20 (AML encoding) and 6.4 (resource
// descriptors).
#pragma once
#include <string>
#include <string_view>

#include "sim/core/types.h"

namespace xs::platform::aml {

std::string integer(u64 value);
std::string text(std::string_view value);
std::string eisa_id(std::string_view id);  ///< "PNP0501"
std::string buffer(const std::string& bytes);
std::string package(unsigned elements, const std::string& body);
std::string name(std::string_view path, const std::string& object);
std::string scope(std::string_view path, const std::string& body);
std::string device(std::string_view path, const std::string& body);

// Resource descriptors, concatenated into resources().
std::string io_ports(u16 base, u8 count);
std::string irq(unsigned number);
std::string memory32(u32 base, u32 size);
std::string interrupt(u32 gsi, bool level);  ///< active high, exclusive
std::string resources(const std::string& descriptors);

}  // namespace xs::platform::aml
