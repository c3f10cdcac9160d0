// Transactions: what is written in one is seen by nobody until it ends, what is read in one does not change,
// and of two that cannot both have been alone only one succeeds.
#include "guests/tests/xenstore/store.h"

namespace {
constexpr u32 most_open = 64, most_written = 2000;

u32 start() {
  transaction = 0;
  test_check(request(XS_TRANSACTION_START, ""), "transaction start: %s", reply.payload);
  u64 id = 0;
  test_check(parse_number(reply.payload, id) && id && id <= ~0u, "a transaction is called %s", reply.payload);
  return static_cast<u32>(id);
}

bool end(u32 id, const char* how) {
  transaction = id;
  const bool done = request(XS_TRANSACTION_END, how);
  transaction = 0;
  return done;
}

// The value of data/<name> in a transaction, or outside of any.
void expect_value(const char* what, u32 id, const char* path, const char* value) {
  transaction = id;
  const bool there = request(XS_READ, path);
  transaction = 0;
  if (value)
    test_check(there && !strcmp(reply.payload, value), "%s: %s is %s, expected %s", what, path, reply.payload,
               value);
  else
    expect_error(what, there, "ENOENT");
}

void write_in(u32 id, const char* path, const char* value) {
  transaction = id;
  test_check(write(path, value), "write of %s in transaction %u: %s", path, id, reply.payload);
  transaction = 0;
}

void expect_commit(const char* what, u32 id) {
  const bool done = end(id, "T");
  test_check(done, "%s: %s", what, reply.payload);
}

bool any_event() {
  const bool any = last_event[0] || store_responses(page).readable();
  last_event[0] = 0;
  return any;
}

// Before the answer or behind it.
void expect_told(const char* path, const char* token) {
  if (!last_event[0]) return expect_event(path, token);
  test_check(!strcmp(last_event, path), "event for %s, expected %s", last_event, path);
  last_event[0] = 0;
}

void check_commit_and_abort() {
  constexpr char token[] = "tx";
  test_check(request(XS_WATCH, "data", token, sizeof token), "watch: %s", reply.payload);
  expect_event("data", token);
  last_event[0] = 0;
  u32 id = start();
  write_in(id, "data/one", "1");
  expect_value("what is written, before the end", 0, "data/one", nullptr);
  expect_value("what is written, inside", id, "data/one", "1");
  test_check(!any_event(), "an event before the end");
  expect_commit("commit", id);
  expect_told("data/one", token);
  expect_value("what is written, behind the end", 0, "data/one", "1");
  id = start();
  write_in(id, "data/one", "2");
  write_in(id, "data/two", "2");
  test_check(end(id, "F"), "abort: %s", reply.payload);
  test_check(!any_event(), "an event of what was aborted");
  expect_value("what was aborted", 0, "data/one", "1");
  expect_value("what was to be made", 0, "data/two", nullptr);
  test_check(request(XS_UNWATCH, "data", token, sizeof token), "unwatch: %s", reply.payload);
}

void check_removal() {
  test_check(write("data/gone/below", "1"), "write: %s", reply.payload);
  const u32 id = start();
  transaction = id;
  test_check(request(XS_RM, "data/gone"), "rm: %s", reply.payload);
  expect_error("read of what was removed", request(XS_READ, "data/gone/below"), "ENOENT");
  test_check(request(XS_MKDIR, "data/made"), "mkdir: %s", reply.payload);
  expect_value("what is removed, before the end", 0, "data/gone/below", "1");
  expect_commit("commit of a removal", id);
  expect_value("what is removed, behind the end", 0, "data/gone", nullptr);
  expect_value("what is made", 0, "data/made", "");
}

// EAGAIN, and nothing of it has happened.
void expect_conflict(const char* what, u32 id) { expect_error(what, end(id, "T"), "EAGAIN"); }

void check_conflicts() {
  test_check(write("data/a", "old") && write("data/b", "old"), "write: %s", reply.payload);
  u32 id = start();
  expect_value("first read", id, "data/a", "old");
  test_check(write("data/a", "new"), "write: %s", reply.payload);
  expect_value("a second read", id, "data/a", "old");
  expect_value("what was not read before", id, "data/b", "old");
  write_in(id, "data/b", "mine");
  expect_conflict("commit of what depends on a node that was written", id);
  expect_value("what it wrote", 0, "data/b", "old");
  id = start();
  expect_value("read of what is not there", id, "data/late", nullptr);
  test_check(write("data/late", "1"), "write: %s", reply.payload);
  expect_conflict("commit of what depends on a node that was not there", id);
  id = start();
  write_in(id, "data/a", "mine");
  test_check(request(XS_RM, "data/a"), "rm: %s", reply.payload);
  expect_conflict("commit of what writes a node that is gone", id);
  id = start();
  transaction = id;
  test_check(request(XS_RM, "data/made"), "rm: %s", reply.payload);
  transaction = 0;
  test_check(write("data/made/below", "1"), "write: %s", reply.payload);
  expect_conflict("removal of what has got something below it", id);
  expect_value("that", 0, "data/made/below", "1");
}

void check_two_at_once() {
  test_check(write("data/c", "old"), "write: %s", reply.payload);
  u32 first = start();
  const u32 second = start();
  test_check(first != second, "two transactions are called %u", first);
  write_in(first, "data/b", "first");
  write_in(second, "data/b", "second");
  expect_commit("the first commit", first);
  expect_conflict("the second commit", second);
  expect_value("what both wrote", 0, "data/b", "first");
  first = start();
  write_in(first, "data/b", "3");
  test_check(write("data/c", "elsewhere"), "write: %s", reply.payload);
  expect_commit("commit while something else is written", first);
  expect_value("the one", 0, "data/b", "3");
  expect_value("the other", 0, "data/c", "elsewhere");
}

void check_most_open() {
  u32 ids[most_open], open = 0;
  while (open < most_open && request(XS_TRANSACTION_START, "")) {
    u64 id = 0;
    test_check(parse_number(reply.payload, id), "a transaction is called %s", reply.payload);
    ids[open++] = static_cast<u32>(id);
  }
  test_check(open > 0 && open < most_open, "%u transactions are open", open);
  expect_error("one transaction more", false, "ENOSPC");
  for (u32 i = 0; i < open; i++) test_check(end(ids[i], "F"), "abort: %s", reply.payload);
}

// How many writes of the value fit into a transaction that was refused some reads before.
u32 writes_until_full(const char* value, const char* const* refused, u32 refused_count) {
  const u32 id = start();
  transaction = id;
  for (u32 i = 0; i < refused_count; i++)
    expect_error("read of what is another's", request(XS_READ, refused[i]), "EACCES");
  u32 written = 0;
  while (written < most_written && write("data/many", value)) written++;
  test_check(written < most_written, "a transaction without an end");
  expect_error("one write more", false, "ENOSPC");
  expect_error("one read more", request(XS_READ, "data/b"), "ENOSPC");
  expect_error("commit of what did not fit", end(id, "T"), "ENOSPC");
  expect_value("that", 0, "data/many", nullptr);
  return written;
}

void check_limits() {
  static char large[2001];
  constexpr const char* others[] = {"/", "/local", "/local/domain", "/local/domain/0"};
  memset(large, 'v', sizeof large - 1);
  check_most_open();
  const u32 small_ones = writes_until_full("1", nullptr, 0);
  test_equal("writes behind refused requests, which leave no note", writes_until_full("1", others, 4),
             small_ones);
  const u32 large_ones = writes_until_full(large, nullptr, 0);
  test_check(large_ones && large_ones < small_ones, "%u large writes fit, %u small ones", large_ones,
             small_ones);
}

void expect_perms(const char* what, u32 id, const char* path, const char* perms) {
  transaction = id;
  const bool answered = request(XS_GET_PERMS, path);
  transaction = 0;
  test_check(answered && !strcmp(reply.payload, perms), "%s: permissions of %s are %s, expected %s", what,
             path, reply.payload, perms);
}

// Of two names, one longer by a byte: what is noted of them is not always aligned.
void check_perms() {
  constexpr const char* paths[] = {"data/perm", "data/perms"};
  char before[16], after[16];
  test_check(request(XS_READ, "domid"), "read of domid: %s", reply.payload);
  format(before, sizeof before, "n%s", reply.payload);
  format(after, sizeof after, "r%s", reply.payload);
  for (const char* path : paths) test_check(write(path, "1"), "write: %s", reply.payload);
  const u32 id = start();
  for (const char* path : paths) {
    transaction = id;
    test_check(request(XS_SET_PERMS, path, after, static_cast<u32>(strlen(after) + 1)), "set perms: %s",
               reply.payload);
    expect_perms("inside", id, path, after);
    expect_perms("before the end", 0, path, before);
  }
  expect_commit("commit of permissions", id);
  for (const char* path : paths) expect_perms("behind the end", 0, path, after);
}

void check_numbers() {
  constexpr u32 guesses = 300;
  const u32 id = start();
  for (u32 guess = id + 1; guess < id + guesses; guess++) {
    transaction = guess;
    expect_error("read in nobody's transaction", request(XS_READ, "data/b"), "ENOENT");
  }
  expect_error("the end of nobody's", end(id + 1, "T"), "ENOENT");
  expect_error("the end of none", end(0, "T"), "ENOENT");
  expect_error("neither end", end(id, "X"), "EINVAL");
  transaction = id;
  expect_error("write into dom0's part", write("/local/domain/0/test", "1"), "EACCES");
  expect_error("write at the root", write("/test", "1"), "EACCES");
  expect_error("read of dom0's part", request(XS_READ, "/local/domain/0/name"), "EACCES");
  test_check(request(XS_WATCH, "data/watched", "t", 2), "watch: %s", reply.payload);
  transaction = 0;
  expect_event("data/watched", "t");
  expect_commit("commit of nothing", id);
  expect_error("a second end", end(id, "T"), "ENOENT");
}
}  // namespace

void check_transactions() {
  check_commit_and_abort();
  check_removal();
  check_conflicts();
  check_two_at_once();
  check_limits();
  check_perms();
  check_numbers();
}
