// User programs that are part of the kernel image: ELF files, named in the table of programs.S.
#pragma once
#include "guests/lib/types.h"

struct Program {
  const char* name;
  const u8* first;
  const u8* end;
  u64 bytes() const { return static_cast<u64>(end - first); }
};
const Program* find_program(const char* name);
