#include "guests/kernel/write_pages.h"

#include "guests/kernel/frames.h"
#include "guests/kernel/heap.h"
#include "guests/kernel/thread.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
constexpr unsigned words_per_page = page_bytes / sizeof(u64);
constexpr u64 pages_at_once = 64;  // before others have their turn
constexpr u64 most_told = 4;
constexpr u64 step = 0x9e3779b97f4a7c15;  // from word to word

struct Job {
  u64 pages = 64, every_us = 1000, rounds = 200, verify = 0, detach = 0;
  Pfn first = 0;
  u64 stores_ns = 0, wrong = 0, late = 0;
};

bool parse(const CommandLine& c, Job& job) {
  const char* const keys[] = {"pages", "every_us", "rounds", "verify", "detach"};
  u64* const values[] = {&job.pages, &job.every_us, &job.rounds, &job.verify, &job.detach};
  if (c.unknown_key(keys, count_of(keys))) return false;
  for (unsigned i = 0; i < count_of(keys); i++) {
    const char* const text = c.value(keys[i]);
    if (values[i] == &job.rounds && text && !strcmp(text, "forever"))
      job.rounds = ~0ull;
    else if (text && !parse_number(text, *values[i]))
      return false;
  }
  constexpr u64 most_pages = 1 << 14;
  return job.pages && job.pages <= most_pages && job.verify <= 1 && job.detach <= 1;
}

volatile u64* words_of(const Job& job, u64 page) {
  return static_cast<volatile u64*>(frame_va(job.first + page));
}
constexpr u64 value_of(u64 page, u64 round) { return round << 32 | page; }

// Without verify one word of the page, another one from page to page.
volatile u64& word_of(const Job& job, u64 page) { return words_of(job, page)[page % words_per_page]; }

void write_page(const Job& job, u64 page, u64 round) {
  volatile u64* const words = words_of(job, page);
  for (u64 i = 0, value = value_of(page, round); i < words_per_page; i++, value += step) words[i] = value;
}

bool page_is_right(const Job& job, u64 page, u64 round) {
  if (!job.verify) return word_of(job, page) == value_of(page, round);
  volatile u64* const words = words_of(job, page);
  u64 wrong = 0;
  for (u64 i = 0, value = value_of(page, round); i < words_per_page; i++, value += step)
    wrong |= words[i] ^ value;
  return !wrong;
}

void write_some(Job& job, u64 page, u64 end, u64 round) {
  const u64 begin = now_ns();
  if (job.verify)
    for (; page < end; page++) write_page(job, page, round);
  else
    for (; page < end; page++) word_of(job, page) = value_of(page, round);
  job.stores_ns += now_ns() - begin;
}

void verify_page(Job& job, u64 page, u64 round) {
  if (page_is_right(job, page, round)) return;
  if (job.wrong++ < most_told)
    print_line("write-pages: FAILURE page %lu is not as round %lu left it", page, round);
}

// Pages that come round again are looked at first.
void write_round(Job& job, u64 round) {
  for (u64 page = 0, end; page < job.pages; page = end) {
    end = min_of(page + pages_at_once, job.pages);
    for (u64 p = page; round && p < end; p++) verify_page(job, p, round - 1);
    write_some(job, page, end, round);
    if (end < job.pages) thread_yield();
  }
}

void run(Job& job) {
  print_line("write-pages: %lu pages every %lu us", job.pages, job.every_us);
  const u64 every = job.every_us * ns_per_s / 1'000'000;
  u64 next = now_ns();
  for (u64 round = 0; round < job.rounds; round++) {
    write_round(job, round);
    next += every;
    const u64 now = now_ns();
    if (now > next) job.late++, next = now;
    sleep_ns(next - now);
  }
  for (u64 page = 0; job.rounds && page < job.pages; page++) verify_page(job, page, job.rounds - 1);
  print_line("write-pages: %lu pages, %lu rounds, %lu ns of stores, %lu wrong", job.pages, job.rounds,
             job.stores_ns, job.wrong);
  if (job.late) print_line("write-pages: %lu rounds began late", job.late);
  frames_free(job.first);
}

void run_detached(void* detached) {
  auto* const job = static_cast<Job*>(detached);
  run(*job);
  heap_free(job);
}

bool detach(const Job& job) {
  auto* const own = heap_new<Job>();
  if (!own) return false;
  *own = job;
  if (thread_create("write-pages", run_detached, own)) return true;
  heap_free(own);
  return false;
}
}  // namespace

void do_write_pages(const CommandLine& c, Status& status) {
  Job job;
  if (!parse(c, job))
    return status.fail(-XEN_EINVAL, "usage: %s %s", write_pages_verb.name, write_pages_verb.usage);
  job.first = frames_alloc(static_cast<unsigned>(job.pages));
  if (job.first == invalid_frame) return status.fail(-XEN_ENOMEM, "no memory for %lu pages", job.pages);
  if (!job.detach) return run(job);
  if (detach(job)) return;
  frames_free(job.first);
  status.fail(-XEN_ENOMEM, "no memory for a thread that writes");
}
