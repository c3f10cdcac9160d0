#include "tests/unit/stream/mutate.h"

#include <cstring>

using namespace stream;

namespace stream_test {
namespace {

/// Bytes of a record that are not plain contents: its header and the beginning of its body.
constexpr size_t structure = 96;

Piece any_piece(const Bytes& s, Rng& rng) {
  const auto pieces = pieces_of(s);
  if (pieces.empty()) return {s.size(), 0, 0};
  Piece p = pieces[rng() % pieces.size()];
  if (p.at + p.size > s.size()) p.size = s.size() - p.at;
  return p;
}

u32 odd_number(Rng& rng) {
  static const u32 numbers[] = {0,  1,    2,    3,    7,    8,          9,          16,
                                24, 4095, 4096, 4104, 5176, 0x7fffffff, 0x80000000, 0xffffffff};
  return rng() % 3 ? numbers[rng() % std::size(numbers)] : static_cast<u32>(rng());
}

u32 any_type(Rng& rng) {
  static const u32 ours[] = {rec_xs_info, rec_xs_state, rec_xs_vcpu, rec_xs_vcpu_extended,
                             rec_xs_configuration};
  return rng() % 4 ? static_cast<u32>(rng() % 0x15) : ours[rng() % std::size(ours)];
}

void put_u32(Bytes& s, size_t at, u32 value) {
  if (at + sizeof value <= s.size()) std::memcpy(&s[at], &value, sizeof value);
}

Bytes mutate_once(Bytes s, const std::vector<Bytes>& others, Rng& rng) {
  const Piece p = any_piece(s, rng), q = any_piece(s, rng);
  const Bytes record = s.substr(p.at, p.size);
  const Bytes& other = others[rng() % others.size()];
  switch (rng() % 9) {
    case 0:
      return s.erase(p.at, p.size);
    case 1:
      return s.insert(q.at, record);
    case 2:
      return p.at < q.at ? s.erase(q.at, 0).insert(q.at, record).erase(p.at, p.size)
                         : s.erase(p.at, p.size).insert(q.at, record);
    case 3: {
      const Piece o = any_piece(other, rng);
      return s.insert(p.at, other.substr(o.at, o.size));
    }
    case 4:
      put_u32(s, p.at, any_type(rng));
      return s;
    case 5:
      put_u32(s, p.at + 4, odd_number(rng));
      return s;
    case 6:
      put_u32(s, p.at + 8 + 4 * (rng() % 8), odd_number(rng));
      return s;
    case 7:
      return s.insert(p.at, raw_record(any_type(rng), Bytes(rng() % 64, static_cast<char>(rng() % 3))));
    default:
      s.resize(p.at + (p.size ? rng() % p.size : 0));
      return s;
  }
}
}  // namespace

bool is_in_page(const Bytes& s, size_t at) {
  for (const Piece& p : pieces_of(s))
    if (at >= p.at && at < p.at + p.size) return at >= p.at + structure + 8 && at + 16 < p.at + p.size;
  return false;
}

Bytes flip_bits(Bytes s, Rng& rng, u64 bits) {
  for (; bits; bits--) {
    const Piece p = any_piece(s, rng);
    size_t at = rng() % 8 ? p.at + rng() % std::min(p.size + 1, structure) : rng() % s.size();
    if (rng() % 20 == 0) at = rng() % headers;
    if (at < s.size()) s[at] = static_cast<char>(s[at] ^ 1 << rng() % 8);
  }
  return s;
}

Bytes mutate_records(const Bytes& stream, const std::vector<Bytes>& others, Rng& rng) {
  Bytes s = stream;
  for (u64 n = 1 + rng() % 3; n; n--) s = mutate_once(s, others, rng);
  return s;
}

}  // namespace stream_test
