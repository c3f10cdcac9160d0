// Streams made worse, reproducibly.
#pragma once
#include <random>

#include "tests/unit/stream/streams.h"

namespace stream_test {

using Rng = std::mt19937;

/// Whether the byte is of a page's or a VCPU's contents, of which all values are as good.
bool is_in_page(const Bytes& stream, size_t at);
/// Mostly where structure is.
Bytes flip_bits(Bytes stream, Rng& rng, u64 bits);
/// One to three changes to records as a whole, or to their headers.
Bytes mutate_records(const Bytes& stream, const std::vector<Bytes>& others, Rng& rng);

}  // namespace stream_test
