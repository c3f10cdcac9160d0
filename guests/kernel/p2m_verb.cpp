#include "guests/kernel/p2m_verb.h"

#include "guests/kernel/memory_model.h"
#include "guests/kernel/operator/fnv.h"
#include "guests/kernel/pmt.h"
#include "guests/lib/console.h"
#include "guests/lib/format.h"
#include "guests/lib/hypercall.h"

namespace {
struct Found {
  u64 frames = 0, pieces = 0;
  Fnv hash;
};

Found read_all(const PmtTable& table) {
  Found f;
  Mfn before = invalid_frame;
  for (Pfn gfn = 0; gfn < table.gfns; gfn++) {
    const Mfn mfn = pmt_machine(table, gfn);
    if (mfn != invalid_frame) {
      const u64 pair[] = {gfn, mfn};
      f.frames++;
      f.pieces += before == invalid_frame || mfn != before + 1;
      f.hash.add(reinterpret_cast<const u8*>(pair), sizeof pair);
    }
    before = mfn;
  }
  return f;
}
}  // namespace

void p2m_tell(unsigned domain, u64 gfns, Status& status) {
  PmtTable table;
  if (!memory_model->grants) return status.fail(-XEN_EOPNOTSUPP, "nothing can be shown here");
  if (long error = pmt_open(domain, gfns, table)) return status.fail(error, "the P2M is not to be read");
  const Found f = read_all(table);
  char whose[24] = "own";
  if (domain != DOMID_SELF) format(whose, sizeof whose, "domain %u", domain);
  print_line("p2m: %s: %lu of %lu GFNs have frames, in %lu pieces, %u frames read: %016lx", whose, f.frames,
             gfns, f.pieces, table.frames, f.hash.value);
  pmt_close(domain, table);
}

void do_own_p2m(const CommandLine&, Status& status) {
  p2m_tell(DOMID_SELF, model_reservation_limit(), status);
}
