#include "guests/kernel/dom0/page_swap.h"

#include "guests/kernel/frames.h"
#include "guests/kernel/memory_model.h"
#include "guests/kernel/pmt.h"
#include "guests/kernel/thread.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

#include "hypervisor/abi/pmt.h"

namespace {
constexpr unsigned pages = 64, rounds = 11;
static_assert(2 * pages <= XS_PMT_COMMIT_MOST);

u8* page(Pfn first, unsigned i) { return static_cast<u8*>(frame_va(first + i)); }
u64& word(Pfn first, unsigned i) { return *reinterpret_cast<u64*>(page(first, i) + i * sizeof(u64)); }

long swap_frames(const PmtTable& table, Pfn a, Pfn b) {
  Pfn list[2 * pages];
  for (unsigned i = 0; i < pages; i++) {
    const Mfn mfn = pmt_machine(table, a + i);
    pmt_write(table, a + i, pmt_machine(table, b + i));
    pmt_write(table, b + i, mfn);
    list[2 * i] = a + i;
    list[2 * i + 1] = b + i;
  }
  return pmt_commit(list, 2 * pages);
}

void swap_contents(u8* a, u8* b, u8* spare) {
  memcpy(spare, a, page_bytes);
  memcpy(a, b, page_bytes);
  memcpy(b, spare, page_bytes);
}

// Both buffers are looked at each time, as whoever wants them would.
unsigned count_wrong(Pfn a, Pfn b) {
  unsigned wrong = 0;
  for (unsigned i = 0; i < pages; i++) wrong += (word(a, i) != 2 * i + 1) + (word(b, i) != 2 * i);
  return wrong;
}

long swap_once(const PmtTable* table, Pfn a, Pfn b, u8* spare) {
  if (table) return swap_frames(*table, a, b);
  for (unsigned i = 0; i < pages; i++) swap_contents(page(a, i), page(b, i), spare);
  return 0;
}

void measure(Pfn a, Pfn b, u8* spare, Status& status) {
  const PmtTable* table = pmt_to_write();
  for (unsigned i = 0; i < pages; i++) word(a, i) = 2 * i, word(b, i) = 2 * i + 1;
  unsigned wrong = 0;
  const u64 begin = now_ns();
  for (unsigned round = 0; round < rounds; round++) {
    if (long error = swap_once(table, a, b, spare)) return status.fail(error, "the frames cannot be swapped");
    wrong += round % 2 ? count_wrong(b, a) : count_wrong(a, b);
  }
  print_line("page-swap: by %s: %u pages for as many, %lu ns, %u wrong", table ? "frames" : "copies", pages,
             (now_ns() - begin) / rounds, wrong);
}
}  // namespace

void do_page_swap(const CommandLine&, Status& status) {
  const Pfn first = frames_alloc(2 * pages + 1);
  if (first == invalid_frame) return status.fail(-XEN_ENOMEM, "no memory for the buffers");
  measure(first, first + pages, page(first, 2 * pages), status);
  frames_free(first);
}
