#include "guests/kernel/write_pages.h"

#include "guests/kernel/frames.h"
#include "guests/kernel/thread.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
struct Rate {
  u64 pages = 64, every_us = 1000, rounds = 200;
};

bool parse(const CommandLine& c, Rate& rate) {
  const char* const keys[] = {"pages", "every_us", "rounds"};
  u64* const values[] = {&rate.pages, &rate.every_us, &rate.rounds};
  if (c.unknown_key(keys, count_of(keys))) return false;
  for (unsigned i = 0; i < count_of(keys); i++)
    if (const char* text = c.value(keys[i]); text && !parse_number(text, *values[i])) return false;
  constexpr u64 most_pages = 1 << 14;
  return rate.pages && rate.pages <= most_pages;
}

volatile u64& word(Pfn first, u64 page) {
  return *reinterpret_cast<volatile u64*>(static_cast<u8*>(frame_va(first + page)) +
                                          page % 512 * sizeof(u64));
}

u64 write_all(Pfn first, u64 pages, u64 round) {
  const u64 begin = now_ns();
  for (u64 page = 0; page < pages; page++) word(first, page) = round << 32 | page;
  return now_ns() - begin;
}

u64 count_wrong(Pfn first, u64 pages, u64 round) {
  u64 wrong = 0;
  for (u64 page = 0; page < pages; page++) wrong += word(first, page) != (round << 32 | page);
  return wrong;
}
}  // namespace

void do_write_pages(const CommandLine& c, Status& status) {
  Rate rate;
  if (!parse(c, rate))
    return status.fail(-XEN_EINVAL, "usage: %s %s", write_pages_verb.name, write_pages_verb.usage);
  const Pfn first = frames_alloc(static_cast<unsigned>(rate.pages));
  if (first == invalid_frame) return status.fail(-XEN_ENOMEM, "no memory for %lu pages", rate.pages);
  print_line("write-pages: %lu pages every %lu us", rate.pages, rate.every_us);
  u64 stores_ns = 0, wrong = 0;
  for (u64 round = 0; round < rate.rounds; round++) {
    stores_ns += write_all(first, rate.pages, round);
    sleep_ns(rate.every_us * ns_per_s / 1'000'000);
    wrong += count_wrong(first, rate.pages, round);
  }
  print_line("write-pages: %lu pages, %lu rounds, %lu ns of stores, %lu wrong", rate.pages, rate.rounds,
             stores_ns, wrong);
  frames_free(first);
}
