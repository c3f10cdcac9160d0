// Live migration, the target's part: a domain that comes by a connection.
#include "guests/kernel/dom0/domain.h"
#include "guests/kernel/dom0/moving/connection.h"
#include "guests/kernel/dom0/moving/migration.h"
#include "guests/kernel/dom0/moving/moving.h"
#include "guests/kernel/dom0/moving/restoring.h"
#include "guests/kernel/heap.h"
#include "guests/kernel/operator/operator.h"
#include "guests/lib/domctl.h"
#include "guests/lib/errno.h"
#include "guests/lib/panic.h"
#include "guests/lib/string.h"

namespace {
bool arriving;  // one at a time

struct FromConnection {
  explicit FromConnection(TcpSocket& socket) : source(socket), restoring(source) {}

  ConnectionSource source;
  Restoring restoring;
};

// The source learns why when it looks; until then it goes on sending.
void refuse(TcpSocket& socket, long error) {
  connection_say(socket, Said::refused, error);
  tcp_shutdown(socket);
  tcp_set_read_deadline(socket, now_ns() + migration_answer_ns);
  static u8 unwanted[4 * KiB];
  while (tcp_read(socket, unwanted, sizeof unwanted) > 0) {
  }
}

// The source has the word: it may not run here before it says so.
long take_over(TcpSocket& socket, Domain* d) {
  long error = connection_say(socket, Said::ready);
  if (!error) error = connection_hear(socket, Said::go, now_ns() + 2 * migration_answer_ns);
  if (!error) error = domctl_simple(XEN_DOMCTL_unpausedomain, d->id);
  return error;
}

void take(TcpSocket& socket, Restoring& r) {
  Status status;
  Domain* const d = restore_domain(r, status);
  if (!d) {
    operator_notice("migrate %s: not taken: %s", *r.config.name ? r.config.name : "?", status.sentence);
    return refuse(socket, status.error);
  }
  const u32 id = d->id;
  d->held = "is arriving";
  const long error = take_over(socket, d);
  d->held = nullptr;
  if (error) {
    operator_notice("migrate %s: given up: %s", d->name, errno_name(error));
    domain_destroy(d);
    return;
  }
  operator_notice("migrate %s: domain %u has come: %lu pages", d->name, id, r.read);
  connection_say(socket, Said::running);
}

void accepted(TcpSocket* socket) {
  if (arriving) {
    refuse(*socket, -XEN_EBUSY);
    return tcp_close(socket);
  }
  arriving = true;
  void* const block = heap_alloc(sizeof(FromConnection));
  if (block) {
    auto& from = *new (block) FromConnection(*socket);
    take(*socket, from.restoring);
    from.~FromConnection();
    heap_free(block);
  } else {
    refuse(*socket, -XEN_ENOMEM);
  }
  arriving = false;
  tcp_close(socket);
}
}  // namespace

void migration_listen() {
  if (!tcp_listen(migration_port, accepted)) panic("no place to listen for domains that migrate");
}
