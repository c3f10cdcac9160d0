#pragma once
#include <elf.h>

constexpr unsigned arch_elf_machine = EM_IA_64;
