// The Internet's checksum (RFC 1071): the sum of 16-bit words in ones' complement, the first byte of each the
// higher one.
#pragma once
#include "guests/lib/types.h"

// To go on with: all parts but the last have an even length.
u32 checksum_add(u32 sum, const void* bytes, u32 length);
// As a header holds it.
u16 checksum_end(u32 sum);
