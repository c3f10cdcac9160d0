// The few C library functions that freestanding code needs.
#pragma once
#include "hypervisor/common/types.h"

extern "C" {
void* memcpy(void* to, const void* from, size_t bytes);
void* memmove(void* to, const void* from, size_t bytes);
void* memset(void* to, int value, size_t bytes);
int memcmp(const void* a, const void* b, size_t bytes);
size_t strlen(const char* text);
int strcmp(const char* a, const char* b);
int strncmp(const char* a, const char* b, size_t bytes);
}

namespace hv {

/// Copies at most size-1 characters and always terminates.
void copy_string(char* to, const char* from, size_t size);

/// The value of `word` ("dom0_mem=") in a command line, up to the next blank outside double quotes (which are
/// dropped), or false when the word is absent.
bool cmdline_value(const char* cmdline, const char* word, char* value, size_t size);

/// Decimal or 0x number at the head of `text`; `end` receives the first character not read.
u64 parse_number(const char* text, const char** end = nullptr);

}  // namespace hv
