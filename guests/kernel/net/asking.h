// Requests that change something where they are answered, so that one which is lost, or done twice, is seen:
// what both ends agree on (UDP, everything big-endian). Nothing here knows of packets or threads.
//
//   asker    request k of a series, again and again until its answer is there; then k + 1
//   server   k == next      done, once, and the answer kept
//            k == next - 1  the kept answer once more
//            k < next - 1   late: the asker has that answer
//            k > next       ahead: what was done before is forgotten here
//
// An answer tells what came of all requests up to k, and the asker knows what that must be.
#pragma once
#include "guests/lib/types.h"

constexpr u16 serve_port = 4000, first_ask_port = 4001;
constexpr unsigned askers_most = 8;
constexpr u32 ask_magic = 0x78736173;

// Of requests: the first two. `end` is a request that does nothing but end the series.
enum class AskKind : u32 { ask, end, done, ahead, refused, spoilt };

struct [[gnu::packed]] AskMessage {
  u32 magic, kind;
  u64 series, number;
  u64 counter, hash;  // of answers

  void swap() {
    magic = __builtin_bswap32(magic), kind = __builtin_bswap32(kind);
    series = __builtin_bswap64(series), number = __builtin_bswap64(number);
    counter = __builtin_bswap64(counter), hash = __builtin_bswap64(hash);
  }
};

constexpr u64 ask_mix(u64 value) {
  value = (value ^ value >> 31) * 0x9e3779b97f4a7c15;
  return value ^ value >> 29;
}

// What requests 1 to `done` have made of it.
struct AskState {
  u64 done = 0, counter = 0, hash = 0;
  void execute(u64 payload) {
    done++;
    counter += 1 + done % 7;
    hash = ask_mix(hash + payload + done);
  }
};

// A page of the server's pool: word `i` of page `page` after request `number` of a series.
constexpr u64 ask_page_seed(u64 series, u64 number, u64 page) {
  return ask_mix(ask_mix(series + number) + page);
}
constexpr u64 ask_word(u64 seed, u64 i) { return seed + i * 0x9e3779b97f4a7c15; }

enum class AskVerdict : u8 { begin, execute, repeat, late, ahead };

// What the server remembers of an asker. A series begins with request 1, and is above the asker's one before.
struct AskRecord {
  u64 series = 0;
  AskState state;
  bool ended = false;

  u64 answered() const { return state.done + ended; }
  AskVerdict judge(u64 of_series, u64 number) const {
    if (of_series > series) return number == 1 ? AskVerdict::begin : AskVerdict::ahead;
    if (of_series < series || number < answered() || !number) return AskVerdict::late;
    if (number == answered()) return AskVerdict::repeat;
    return number == answered() + 1 && !ended ? AskVerdict::execute : AskVerdict::ahead;
  }
};

// When an asker repeats itself, and what it has waited for.
struct AskPatience {
  static constexpr u64 first_ns = 20 * ns_per_ms, most_ns = 200 * ns_per_ms;
  u64 wait_ns = first_ns;
  u64 next() {
    const u64 now = wait_ns;
    wait_ns = min_of(2 * wait_ns, most_ns);
    return now;
  }
};

struct AskGap {
  u64 last_ns = 0, longest_ns = 0;  // last: 0, none yet
  void answered(u64 now_ns) {
    if (last_ns) longest_ns = max_of(longest_ns, now_ns - last_ns);
    last_ns = now_ns;
  }
};
