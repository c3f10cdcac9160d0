// xenstore: the wire protocol over the shared ring, and who may see what.
//
// The store carries the balloon target and the shutdown request, so a guest must reach its own part of it,
// hear of changes by a watch, and must neither read nor write another domain's part: otherwise one guest
// could balloon or stop another. The test talks bytes (xen/io/xs_wire.h) to whoever serves the ring and
// checks each request it needs, each error it must get.
#include "guests/tests/xenstore/store.h"

const char test_name[] = "xenstore";

xenstore_domain_interface* page;
Reply reply;
u32 transaction;
char last_event[256];

namespace {
constexpr u64 patience_ns = 10 * ns_per_s;
u32 next_request = 1;

void notify() { event_send(boot_info->store_evtchn); }

void send(const void* bytes, u32 length) {
  auto stream = store_requests(page);
  for (u32 at = 0; at < length;) {
    at += stream.write(static_cast<const char*>(bytes) + at, length - at);
    notify();
    if (at < length) hypercall_sched_op(SCHEDOP_yield, nullptr);
  }
}

void receive(void* to, u32 length) {
  auto stream = store_responses(page);
  u64 deadline = system_time_ns(0) + patience_ns;
  for (u32 at = 0; at < length;) {
    u32 n = stream.read(static_cast<char*>(to) + at, length - at);
    at += n;
    if (n)
      notify();
    else if (system_time_ns(0) > deadline)
      test_error("the store does not answer");
    else
      hypercall_sched_op(SCHEDOP_yield, nullptr);
  }
}

void next_message() {
  receive(&reply.header, sizeof reply.header);
  if (reply.header.len > XENSTORE_PAYLOAD_MAX) test_error("a message of %u bytes", reply.header.len);
  receive(reply.payload, reply.header.len);
  reply.payload[reply.header.len] = 0;
}

}  // namespace

bool request(u32 type, const char* path, const char* rest, u32 rest_length) {
  xsd_sockmsg header{type, next_request++, transaction, static_cast<u32>(strlen(path) + 1) + rest_length};
  send(&header, sizeof header);
  send(path, static_cast<u32>(strlen(path) + 1));
  send(rest, rest_length);
  for (;;) {
    next_message();
    if (reply.header.type != XS_WATCH_EVENT) break;
    copy_string(last_event, sizeof last_event, reply.payload);
  }
  test_equal("request id of the answer", reply.header.req_id, header.req_id);
  return reply.header.type != XS_ERROR;
}
bool request(u32 type, const char* path) { return request(type, path, nullptr, 0); }
bool write(const char* path, const char* value) {
  return request(XS_WRITE, path, value, static_cast<u32>(strlen(value)));
}

void expect_error(const char* what, bool succeeded, const char* name) {
  test_check(!succeeded, "%s succeeded", what);
  if (!succeeded) test_check(!strcmp(reply.payload, name), "%s: %s, expected %s", what, reply.payload, name);
}

void expect_event(const char* path, const char* token) {
  next_message();
  test_equal("type of a watch event", reply.header.type, XS_WATCH_EVENT);
  test_check(!strcmp(reply.payload, path), "event for %s, expected %s", reply.payload, path);
  const char* found = reply.payload + strlen(reply.payload) + 1;
  test_check(!strcmp(found, token), "event token %s, expected %s", found, token);
}

namespace {
void check_values() {
  test_check(request(XS_READ, "domid"), "read of domid: %s", reply.payload);
  u64 id = 0;
  test_check(parse_number(reply.payload, id), "domid is %s", reply.payload);
  char number[16], home[40];
  format(number, sizeof number, "%lu", id);
  format(home, sizeof home, "/local/domain/%lu", id);
  test_check(request(XS_GET_DOMAIN_PATH, number) && !strcmp(reply.payload, home), "domain path is %s",
             reply.payload);
  test_check(write("data/test", "value"), "write: %s", reply.payload);
  test_check(request(XS_READ, "data/test") && !strcmp(reply.payload, "value"), "read back: %s",
             reply.payload);
  char absolute[64];
  format(absolute, sizeof absolute, "%s/data/test", home);
  test_check(request(XS_READ, absolute) && !strcmp(reply.payload, "value"), "read by absolute path: %s",
             reply.payload);
  test_check(request(XS_MKDIR, "data/empty"), "mkdir: %s", reply.payload);
  test_check(request(XS_DIRECTORY, "data"), "directory: %s", reply.payload);
  test_equal("length of the directory", reply.header.len, sizeof "test" + sizeof "empty");
  test_check(request(XS_RM, "data/test"), "rm: %s", reply.payload);
  expect_error("read of what was removed", request(XS_READ, "data/test"), "ENOENT");
  expect_error("directory of what is not there", request(XS_DIRECTORY, "device/vbd"), "ENOENT");
}

void check_watches() {
  constexpr char token[] = "my-token";
  test_check(request(XS_WATCH, "data", token, sizeof token), "watch: %s", reply.payload);
  expect_event("data", token);
  expect_error("the same watch twice", request(XS_WATCH, "data", token, sizeof token), "EEXIST");
  test_check(write("data/below", "1"), "write: %s", reply.payload);
  expect_event("data/below", token);
  test_check(request(XS_UNWATCH, "data", token, sizeof token), "unwatch: %s", reply.payload);
  expect_error("unwatch twice", request(XS_UNWATCH, "data", token, sizeof token), "ENOENT");
  test_check(write("data/below", "2"), "write: %s", reply.payload);
  test_check(!store_responses(page).readable(), "an event after the watch was removed");
}

// However it is spelled: a domain without its home could not be told anything any more.
void check_own_home() {
  char home[40], spelled[48];
  test_check(request(XS_READ, "domid"), "read of domid: %s", reply.payload);
  format(home, sizeof home, "/local/domain/%s", reply.payload);
  expect_error("removal of the own home", request(XS_RM, home), "EACCES");
  format(spelled, sizeof spelled, "%s/", home);
  expect_error("removal with a slash at the end", request(XS_RM, spelled), "EINVAL");
  format(spelled, sizeof spelled, "/%s", home);
  expect_error("removal with a slash at the beginning", request(XS_RM, spelled), "EINVAL");
  expect_error("removal of the empty path", request(XS_RM, ""), "EINVAL");
  expect_error("a name with a character that none has", request(XS_READ, "domid?"), "EINVAL");
}

void check_refusals() {
  expect_error("write into dom0's part", write("/local/domain/0/test", "1"), "EACCES");
  expect_error("read of dom0's part", request(XS_READ, "/local/domain/0/name"), "EACCES");
  expect_error("write at the root", write("/test", "1"), "EACCES");
  expect_error("removal of all homes", request(XS_RM, "/local/domain"), "EACCES");
  expect_error("an unknown request", request(99, "data"), "ENOSYS");
  test_check(request(XS_READ, "domid"), "read after all refusals: %s", reply.payload);
}
}  // namespace

void test_main() {
  if (boot_info->flags & SIF_INITDOMAIN) test_skip("dom0 has no store to talk to");
  page = static_cast<xenstore_domain_interface*>(test_va(guest_frame_of(boot_info->store_mfn)));
  check_values();
  check_watches();
  check_refusals();
  check_own_home();
  check_transactions();
}
