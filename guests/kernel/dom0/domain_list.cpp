#include "guests/kernel/dom0/domain_list.h"

#include "guests/lib/string.h"

namespace {
Domain* domains;
}

Domain* domains_first() { return domains; }

Domain* domain_by_id(u32 id) {
  for (Domain* d = domains; d; d = d->next)
    if (d->id == id) return d;
  return nullptr;
}

u32 domains_next_id(u32 id) {
  u32 next = 0;
  for (const Domain* d = domains; d; d = d->next)
    if (d->id > id && (!next || d->id < next)) next = d->id;
  return next;
}

u32 domains_id_below(u32 id) {
  u32 below = 0;
  for (const Domain* d = domains; d; d = d->next)
    if (d->id < id && d->id > below) below = d->id;
  return below;
}

Domain* domain_find(const char* name_or_id) {
  u64 id;
  if (parse_number(name_or_id, id)) return domain_by_id(static_cast<u32>(id));
  for (Domain* d = domains; d; d = d->next)
    if (!strcmp(d->name, name_or_id)) return d;
  return nullptr;
}

void domains_add(Domain* domain) {
  domain->next = domains;
  domains = domain;
}

void domains_remove(Domain* domain) {
  for (Domain** p = &domains; *p; p = &(*p)->next)
    if (*p == domain) {
      *p = domain->next;
      return;
    }
}
