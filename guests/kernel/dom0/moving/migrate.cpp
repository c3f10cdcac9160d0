#include "guests/kernel/dom0/domain.h"
#include "guests/kernel/dom0/moving/connection.h"
#include "guests/kernel/dom0/moving/migration.h"
#include "guests/kernel/dom0/moving/moving.h"
#include "guests/kernel/dom0/moving/sending.h"
#include "guests/kernel/net/wire.h"
#include "guests/kernel/operator/operator.h"
#include "guests/lib/domctl.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
constexpr u64 connect_ns = 2 * ns_per_s;

struct Migration {
  Migration(const Domain& d, TcpSocket* s) : sink(s), sending(d, sink) {}

  ConnectionSink sink;
  Sending sending;
  stream::Precopy precopy{};
  u64 bytes_per_s = 0, live_since = 0;  // 0: as fast as it goes
  PageSet to_send, later, again;
  bool logs = false, suspended = false, gone = false;
  Status status;
};

// What the operator has asked for.
struct Order {
  u32 domain, host;
  stream::PrecopyPolicy policy;
  u64 bytes_per_s;
};

struct Running {
  Order order;
  bool runs = false, cancelled = false;
  TcpSocket* socket = nullptr;  // to be broken by who cancels
  Status status;
  WaitQueue changed;
};
Running running;  // one at a time

MigrationStatistics& told() { return migration_statistics; }

bool fail(Migration& m, long error, const char* sentence) {
  if (!m.status.error) m.status.fail(error, "%s", sentence);
  return false;
}

// Of the connection, the domain or the stream.
bool broken(Migration& m) {
  if (running.cancelled) return fail(m, -errno_canceled, "cancelled by the operator");
  if (tcp_readable(*m.sink.socket)) {
    const long why = connection_hear(*m.sink.socket, Said::ready, now_ns());
    return fail(m, why ? why : -XEN_EBADMSG, "the other host does not take the domain");
  }
  if (m.sink.error) return fail(m, m.sink.error, "the connection to the other host is lost");
  if (!m.status.error) m.sending.tell_failure(m.status);
  return false;
}

// --- the dirty bitmap ---
bool log_dirty(Migration& m, u32 operation, PageSet* set) {
  xen_domctl op{};
  op.u.shadow_op.op = operation;
  if (set) {
    set->clear();
    op.u.shadow_op.pages = m.sending.end;
    set_xen_guest_handle(op.u.shadow_op.dirty_bitmap, set->bytes());
  }
  const long error = domctl(XEN_DOMCTL_shadow_op, m.sending.id, op);
  return !error || fail(m, error, "it is not told which pages the domain writes");
}

// What is to be sent next: what has been written since, and what could not be read.
bool sync_dirty(Migration& m) {
  if (!log_dirty(m, XEN_DOMCTL_SHADOW_OP_CLEAN, &m.to_send)) return false;
  m.to_send.add(m.later);
  m.later.clear();
  told().syncs++;
  return true;
}

// --- rounds ---
u64 batch_without(PageSet& set, const PageSet& again, Pfn first, Pfn end) {
  u64 skipped = 0;
  for (Pfn pfn = first; pfn < end; pfn++)
    if (set.has(pfn) && again.has(pfn)) set.remove(pfn), skipped++;
  return skipped;
}

void keep_rate(const Migration& m) {
  if (!m.bytes_per_s || !m.live_since) return;
  const u64 due = m.live_since + (m.sink.bytes / 1000 * ns_per_s) / max_of<u64>(m.bytes_per_s / 1000, 1);
  while (!running.cancelled && now_ns() < due) sleep_ns(min_of(due - now_ns(), 10 * ns_per_ms));
}

bool send_round(Migration& m, bool live, MigrationRound& round) {
  const u64 began = now_ns(), bytes = m.sink.bytes, pages = m.sending.writer.totals().pages;
  for (Pfn first = 0; first < m.sending.end; first += stream::batch_most) {
    // The other host has nothing to say yet but that it gives up.
    if (running.cancelled || tcp_readable(*m.sink.socket)) return broken(m);
    if (live && m.precopy.policy.skips) {
      if (!log_dirty(m, XEN_DOMCTL_SHADOW_OP_PEEK, &m.again)) return false;
      round.skipped +=
          batch_without(m.to_send, m.again, first, min_of(m.sending.end, first + stream::batch_most));
    }
    if (!m.sending.pages(m.to_send, first, live ? &m.later : nullptr)) return broken(m);
    if (live) keep_rate(m);
    told().bytes = m.sink.bytes;
  }
  if (!m.sink.flush()) return broken(m);
  round.later = m.later.count();
  round.sent = m.sending.writer.totals().pages - pages;
  round.bytes = m.sink.bytes - bytes;
  round.ns = now_ns() - began;
  return true;
}

void tell_round(const Migration& m, const MigrationRound& r) {
  MigrationStatistics& s = told();
  s.rounds++;
  s.sent += r.sent, s.skipped += r.skipped, s.later += r.later;
  s.remaining = r.dirty;
  s.bytes = m.sink.bytes;
  operator_notice("migrate %s: round %u: %lu sent, %lu skipped, %lu dirtied, %lu bytes, %lu us", s.name,
                  s.rounds, r.sent, r.skipped, r.dirty, r.bytes, r.ns / 1000);
}

bool live_rounds(Migration& m) {
  told().state = MigrationState::active;
  m.live_since = now_ns();
  for (;;) {
    MigrationRound round;
    if (!m.sending.find_frames(true)) return broken(m);
    if (!told().rounds && !m.sending.p2m_frames()) return broken(m);
    if (!send_round(m, true, round) || !sync_dirty(m)) return false;
    round.dirty = m.to_send.count();
    told().dirty_rate = per_second(round.dirty, round.ns);
    tell_round(m, round);
    told().end = m.precopy.after(round);
    if (told().end != stream::PrecopyEnd::none) return true;
  }
}

bool last_round(Migration& m) {
  MigrationStatistics& s = told();
  s.state = MigrationState::device;
  s.precopy_bytes = m.sink.bytes;
  if (const long error = domain_suspend(m.sending.id)) return fail(m, error, "the domain does not suspend");
  m.suspended = true;
  s.suspended_ns = now_ns();
  domctl_simple(XEN_DOMCTL_pausedomain, m.sending.id);
  if (m.logs) {
    PageSet& left = m.again;  // it is not told what CLEAN tells for a second time
    left.clear(), left.add(m.to_send);
    if (!sync_dirty(m)) return false;
    m.to_send.add(left);
  }
  MigrationRound round;
  if (!m.sending.find_frames(false) || (!s.rounds && !m.sending.p2m_frames())) return broken(m);
  if (!send_round(m, false, round)) return false;
  tell_round(m, round);
  if (!m.sending.state() || !m.sending.writer.end() || !m.sink.flush()) return broken(m);
  s.bytes = m.sink.bytes;
  return true;
}

// --- the whole ---
bool begin(Migration& m) {
  Sending& s = m.sending;
  if (!s.begin()) return broken(m);
  if (!m.to_send.begin(s.end) || !m.later.begin(s.end) || !m.again.begin(s.end))
    return fail(m, -XEN_ENOMEM, "dom0 has no memory to migrate a domain");
  if (!s.static_data()) return broken(m);
  told().pages = domain_by_id(s.id)->pages;
  m.precopy.pages = told().pages;
  m.to_send.add_all();
  if (!m.precopy.begins()) return true;
  return m.logs = log_dirty(m, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, nullptr);
}

// From `go` on it may run there: it must not here any more, whatever is heard.
bool hand_over(Migration& m) {
  TcpSocket& socket = *m.sink.socket;
  if (const long error = connection_hear(socket, Said::ready, now_ns() + migration_answer_ns))
    return fail(m, error, "the other host does not take the domain");
  if (running.cancelled) return broken(m);
  if (const long error = connection_say(socket, Said::go)) return fail(m, error, "the connection is lost");
  m.gone = true;
  if (const long error = connection_hear(socket, Said::running, now_ns() + migration_answer_ns))
    return fail(m, error,
                "it is not known whether the domain runs on the other host: here it stays suspended");
  told().downtime_ns = now_ns() - told().suspended_ns;
  return true;
}

// It goes on here, as if nothing had been.
void take_back(Migration& m) {
  if (m.logs) {
    Status first = m.status;
    log_dirty(m, XEN_DOMCTL_SHADOW_OP_OFF, nullptr);
    m.status = first;
  }
  if (!m.suspended || m.gone) return;
  domctl_simple(XEN_DOMCTL_unpausedomain, m.sending.id);
  domain_resume(m.sending.id);
}

void move(Migration& m) {
  const u32 id = m.sending.id;
  const bool moved = begin(m) && (!m.precopy.begins() || live_rounds(m)) && last_round(m) && hand_over(m);
  m.sending.close();
  running.socket = nullptr;
  moved ? tcp_close(m.sink.socket) : tcp_abort(m.sink.socket);
  if (!moved) take_back(m);
  Domain* const d = domain_by_id(id);
  if (d) d->held = nullptr;
  if (moved && d)
    if (const long error = domain_destroy(d))
      fail(m, error, "the domain has moved, but cannot be ended here");
  told().remaining = moved ? 0 : told().remaining;
}

void run() {
  MigrationStatistics& s = told();
  long error;
  TcpSocket* const socket = tcp_connect(running.order.host, migration_port, connect_ns, error);
  Domain* const d = domain_by_id(running.order.domain);
  if (!socket) {
    d->held = nullptr;
    return running.status.fail(error, "the other host cannot be reached");
  }
  s.connected_ns = now_ns();
  void* const block = heap_alloc(sizeof(Migration));
  if (!block) {
    tcp_abort(socket);
    d->held = nullptr;
    return running.status.fail(-XEN_ENOMEM, "dom0 has no memory to migrate a domain");
  }
  auto& m = *new (block) Migration(*d, socket);
  running.socket = socket;
  m.precopy.policy = running.order.policy;
  m.bytes_per_s = running.order.bytes_per_s;
  move(m);
  running.status = m.status;
  m.~Migration();
  heap_free(block);
}

void migration_thread(void*) {
  run();
  MigrationStatistics& s = told();
  s.ended_ns = now_ns();
  s.state = !running.status.error ? MigrationState::completed
            : running.cancelled   ? MigrationState::cancelled
                                  : MigrationState::failed;
  if (s.state == MigrationState::completed)
    operator_notice("migrate %s: completed: %u rounds, %lu pages, %lu bytes, %lu us, downtime %lu us; %s",
                    s.name, s.rounds, s.sent, s.bytes, (s.ended_ns - s.began_ns) / 1000, s.downtime_ns / 1000,
                    stream::precopy_end_name(s.end));
  else
    operator_notice("migrate %s: %s: %s", s.name, running.cancelled ? "cancelled" : "failed",
                    running.status.sentence);
  sending_end();
  running.runs = false;
  wake_all(running.changed);
}

// --- the operator's words ---
bool read_number(const CommandLine& c, const char* key, u64 most, u64& number, Status& status) {
  const char* const text = c.value(key);
  if (!text || (parse_number(text, number) && number <= most)) return true;
  status.fail(-XEN_EINVAL, "%s= is not between 0 and %lu", key, most);
  return false;
}

bool read_policy(const CommandLine& c, stream::PrecopyPolicy& policy, Status& status) {
  const char* const name = c.value("policy") ? c.value("policy") : "modern";
  const stream::PrecopyPolicy* const p = stream::precopy_policy(name);
  if (!p) return status.fail(-XEN_EINVAL, "there is no policy %s", name), false;
  u64 rounds = p->rounds, factor = p->factor, threshold = p->threshold;
  if (!read_number(c, "iterations", 1000, rounds, status) ||
      !read_number(c, "factor", 1000, factor, status) ||
      !read_number(c, "threshold", 1000000, threshold, status))
    return false;
  policy = *p;
  policy.rounds = static_cast<u32>(rounds);
  policy.factor = static_cast<u32>(factor);
  policy.threshold = static_cast<u32>(threshold);
  return true;
}

bool read_order(const CommandLine& c, Order& order, Status& status) {
  static const char* const keys[] = {"policy", "iterations", "factor", "threshold", "bytes_per_s", "detach"};
  u32 address;
  if (c.count < 3)
    return status.fail(-XEN_EINVAL, "usage: %s %s", migrate_verb.name, migrate_verb.usage), false;
  if (const char* word = c.unknown_key(keys, count_of(keys), 3))
    return status.fail(-XEN_EINVAL, "unknown argument %s", word), false;
  if (!parse_address(c.words[2], address))
    return status.fail(-XEN_EINVAL, "%s is no address", c.words[2]), false;
  const Domain* const d = find_movable(c.words[1], status);
  if (!d) return false;
  order.domain = d->id;
  order.host = domain_of(address);
  order.bytes_per_s = 0;
  return read_policy(c, order.policy, status) &&
         read_number(c, "bytes_per_s", 1ull << 40, order.bytes_per_s, status);
}
}  // namespace

void do_migrate(const CommandLine& c, Status& status) {
  Order order;
  if (!read_order(c, order, status) || !sending_begin(status)) return;
  Domain* const d = domain_by_id(order.domain);
  running = {order, true, false, nullptr, {}, {}};
  d->held = "is being migrated";
  migration_statistics = {};
  told().state = MigrationState::setup;
  told().domain = d->id;
  told().began_ns = now_ns();
  copy_string(told().name, sizeof told().name, d->name);
  if (!thread_create("migrate", migration_thread, nullptr)) {
    d->held = nullptr;
    running.runs = false;
    told().state = MigrationState::failed;
    sending_end();
    return status.fail(-XEN_ENOMEM, "dom0 has no memory to migrate a domain");
  }
  const char* const detach = c.value("detach");
  if (detach && !strcmp(detach, "1")) return;
  while (running.runs) wait_on(running.changed);
  status = running.status;
}

void do_migrate_cancel(const CommandLine& c, Status& status) {
  const Domain* const d = domain_find(c.words[1]);
  if (!running.runs || !d || d->id != running.order.domain)
    return status.fail(-XEN_ESRCH, "%s is not being migrated", c.words[1]);
  running.cancelled = true;
  if (running.socket) tcp_break(*running.socket);
  while (running.runs) wait_on(running.changed);
  if (running.status.error != -errno_canceled && !running.status.error)
    status.fail(-XEN_EBUSY, "it was too late: domain %s has moved", c.words[1]);
}
