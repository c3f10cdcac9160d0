// Words of a kernel's command line.
#pragma once
#include "guests/lib/types.h"

// Copies the value of the first `key=value` word; 'quotes' or "quotes" around it may hold blanks. Empty when
// there is none. False when it does not fit, and then it is empty too.
bool boot_word(const char* words, const char* key, char* value, size_t size);
