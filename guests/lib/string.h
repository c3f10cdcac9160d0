// Memory and C-string routines; the first four are also what the compiler itself calls.
#pragma once
#include "guests/lib/types.h"

extern "C" {
void* memcpy(void* to, const void* from, size_t bytes);
void* memmove(void* to, const void* from, size_t bytes);
void* memset(void* to, int value, size_t bytes);
int memcmp(const void* a, const void* b, size_t bytes);
size_t strlen(const char* s);
int strcmp(const char* a, const char* b);
int strncmp(const char* a, const char* b, size_t n);
char* strchr(const char* s, int c);
const char* strstr(const char* haystack, const char* needle);
}

// Copies with truncation, always terminates; false when it had to cut.
bool copy_string(char* to, size_t size, const char* from);

// Decimal or 0x-hexadecimal; the whole string must be the number. False when it is not one or overflows.
bool parse_number(const char* s, u64& value);

// As parse_number, but stops at the first other character and returns a pointer to it (null: no digits).
const char* scan_number(const char* s, u64& value);
