#include "guests/kernel/dom0/domain.h"
#include "guests/kernel/dom0/moving/medium.h"
#include "guests/kernel/dom0/moving/moving.h"
#include "guests/kernel/dom0/moving/sending.h"
#include "guests/kernel/operator/operator.h"
#include "guests/lib/domctl.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
struct Saving {
  explicit Saving(const Domain& d) : sending(d, medium) {}

  MediumWriter medium;
  Sending sending;
};

bool write_memory(Sending& s) {
  PageSet all;
  if (!all.begin(s.end)) return s.refuse(-XEN_ENOMEM);
  all.add_all();
  if (!s.p2m_frames()) return false;
  for (Pfn first = 0; first < s.end; first += stream::batch_most)
    if (!s.pages(all, first, nullptr)) return false;
  return true;
}

bool write_all(Saving& s) {
  return s.sending.begin() && s.sending.find_frames(false) && s.sending.static_data() &&
         write_memory(s.sending) && s.sending.state() && s.sending.writer.end() && s.medium.finish();
}

void tell_failure(const Saving& s, Status& status) {
  if (s.medium.error == -XEN_ENOSPC)
    return status.fail(s.medium.error, "the disk is too small for domain %u", s.sending.id);
  if (s.medium.error) return status.fail(s.medium.error, "the disk cannot be written");
  s.sending.tell_failure(status);
}

// All of it, while nothing of the domain runs. False: status says why.
bool write_out(Saving& s, Status& status) {
  const u32 id = s.sending.id;
  long error = domctl_simple(XEN_DOMCTL_pausedomain, id);
  if (!error && !write_all(s)) tell_failure(s, status);
  s.sending.close();
  if (error) return status.fail(error, "domain %u cannot be paused", id), false;
  domctl_simple(XEN_DOMCTL_unpausedomain, id);
  if (status.error) return false;
  operator_print("domain %u: %lu pages, %lu bytes", id, s.sending.writer.totals().pages,
                 s.sending.writer.totals().all_bytes());
  return true;
}

// `goes_on`: whatever comes of it. A domain that the operator had suspended stays so.
void save(Saving& s, bool goes_on, Status& status) {
  const u32 id = s.sending.id;
  const long asked = domain_suspend(id);
  if (asked && asked != -XEN_EBUSY) return status.fail(asked, "domain %u does not suspend", id);
  const bool ends = write_out(s, status) && !goes_on;
  const long error = ends ? domain_destroy(domain_by_id(id)) : asked ? 0 : domain_resume(id);
  if (error && !status.error) status.fail(error, "domain %u is saved, but cannot be ended", id);
}

bool read_checkpoint(const CommandLine& c, bool& goes_on, Status& status) {
  const char* const text = c.value("checkpoint");
  goes_on = text && !strcmp(text, "1");
  if (text && !goes_on && strcmp(text, "0"))
    status.fail(-XEN_EINVAL, "checkpoint=%s is neither 0 nor 1", text);
  return !status.error;
}

}  // namespace

void do_save(const CommandLine& c, Status& status) {
  static const char* const keys[] = {"checkpoint"};
  if (c.count < 3) return status.fail(-XEN_EINVAL, "usage: %s %s", save_verb.name, save_verb.usage);
  if (const char* word = c.unknown_key(keys, count_of(keys), 3))
    return status.fail(-XEN_EINVAL, "unknown argument %s", word);
  bool goes_on;
  Slice slice;
  const Domain* const d = read_checkpoint(c, goes_on, status) ? find_movable(c.words[1], status) : nullptr;
  if (!d) return;
  if (long error = medium_open(c.words[2], true, slice))
    return status.fail(error, "%s cannot be written", c.words[2]);
  void* const block = domain_find(c.words[1]) == d ? heap_alloc(sizeof(Saving)) : nullptr;
  if (!block) return status.fail(-XEN_ENOMEM, "dom0 has no memory to save a domain");
  if (sending_begin(status)) {
    auto& s = *new (block) Saving(*d);
    s.medium.slice = slice;
    save(s, goes_on, status);
    s.~Saving();
    sending_end();
  }
  heap_free(block);
}
