// Requests to whoever serves the store's ring.
#pragma once
#include "guests/lib/store_ring.h"
#include "guests/tests/lib/test.h"

extern xenstore_domain_interface* page;

struct Reply {
  xsd_sockmsg header;
  char payload[XENSTORE_PAYLOAD_MAX + 1];
};
extern Reply reply;

extern u32 transaction;       // that requests belong to; 0: none
extern char last_event[256];  // path of the last event that came before an answer; whoever looks clears it

// False: the answer was XS_ERROR, its name is the payload.
bool request(u32 type, const char* path, const char* rest, u32 rest_length);
bool request(u32 type, const char* path);
bool write(const char* path, const char* value);
void expect_error(const char* what, bool succeeded, const char* name);
void expect_event(const char* path, const char* token);

void check_transactions();
