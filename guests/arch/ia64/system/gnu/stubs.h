// glibc's <features.h>, which <elf.h> includes, wants to know which functions the C library lacks: here there
// is none.
#pragma once
