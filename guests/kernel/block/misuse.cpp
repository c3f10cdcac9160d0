#include "guests/kernel/block/misuse.h"

#include "guests/kernel/block/workload.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/thread.h"
#include "guests/kernel/xenbus/device.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"

namespace {
constexpr u64 loss_ns = ns_per_s;

struct Misuse {
  BlockDisk& disk;
  Status& status;
  grant_ref_t good, readonly, others;  // the same frame
  unsigned refused = 0;
};

blkif_request_t one_sector(u8 operation, grant_ref_t ref) {
  blkif_request_t r{};
  r.operation = operation;
  r.nr_segments = 1;
  r.seg[0] = {ref, 0, 0};
  return r;
}

void expect(Misuse& m, const blkif_request_t& r, long answer, const char* what) {
  const long got = block_send(m.disk, r);
  m.refused += got == answer && got;
  if (got != answer && !m.status.error)
    m.status.fail(-XEN_EIO, "%s: %s", what, got ? errno_name(got) : "is served");
}

void bad_segments(Misuse& m) {
  constexpr u8 counts[] = {0, BLKIF_MAX_SEGMENTS_PER_REQUEST + 1, 255};
  for (u8 count : counts) {
    blkif_request_t r = one_sector(BLKIF_OP_READ, m.good);
    r.nr_segments = count;
    expect(m, r, -XEN_EIO, "a number of segments");
  }
  constexpr u8 ranges[][2] = {{1, 0}, {0, sectors_per_page}, {7, 255}, {255, 255}};
  for (const auto& range : ranges) {
    blkif_request_t r = one_sector(BLKIF_OP_READ, m.good);
    r.seg[0].first_sect = range[0];
    r.seg[0].last_sect = range[1];
    expect(m, r, -XEN_EIO, "a range of sectors in a frame");
  }
}

void bad_sectors(Misuse& m) {
  const u64 sectors[] = {m.disk.sectors, m.disk.sectors + 1, u64{1} << 55, ~u64{0}};
  for (u64 sector : sectors) {
    blkif_request_t r = one_sector(BLKIF_OP_READ, m.good);
    r.sector_number = sector;
    expect(m, r, -XEN_EIO, "a sector behind the disk's end");
  }
  blkif_request_t r = one_sector(BLKIF_OP_READ, m.good);
  r.sector_number = m.disk.sectors - 1;
  r.seg[0].last_sect = 1;
  expect(m, r, -XEN_EIO, "a request over the disk's end");
}

void bad_grants(Misuse& m) {
  const grant_ref_t refs[] = {m.readonly, m.others, no_grant, no_grant >> 1, 0};
  for (grant_ref_t ref : refs) expect(m, one_sector(BLKIF_OP_READ, ref), -XEN_EIO, "a grant");
  blkif_request_t r = one_sector(BLKIF_OP_READ, m.good);
  r.nr_segments = 2;
  r.seg[1] = {m.others, 0, 0};
  expect(m, r, -XEN_EIO, "a grant behind a good one");
}

void bad_operations(Misuse& m) {
  constexpr u8 operations[] = {
      BLKIF_OP_WRITE_BARRIER, BLKIF_OP_RESERVED_1, BLKIF_OP_DISCARD, BLKIF_OP_INDIRECT, 77, 255};
  for (u8 operation : operations) expect(m, one_sector(operation, m.good), -XEN_EOPNOTSUPP, "an operation");
  if (!m.disk.writable) expect(m, one_sector(BLKIF_OP_WRITE, m.good), -XEN_EIO, "writing a read-only disk");
}
}  // namespace

void do_block_misuse(const CommandLine& c, Status& status) {
  static const char* const keys[] = {"disk", "ring"};
  BlockDisk* const disk = block_disk_of(c, keys, count_of(keys), status);
  const Pfn frame = disk ? frames_alloc() : invalid_frame;
  if (!disk) return;
  if (frame == invalid_frame) return status.fail(-XEN_ENOMEM, "no memory for a frame");
  const auto backend = static_cast<domid_t>(block_backend(*disk));
  const u64 number = model_machine(frame);
  Misuse m{*disk, status, grant_access(backend, number, false), grant_access(backend, number, true),
           grant_access(static_cast<domid_t>(backend + 1), number, false)};
  bad_segments(m);
  bad_sectors(m);
  bad_grants(m);
  bad_operations(m);
  expect(m, one_sector(BLKIF_OP_READ, m.good), 0, "a good request");
  if (c.value("ring") && !block_overrun(*disk, now_ns() + loss_ns) && !status.error)
    status.fail(-XEN_EIO, "a ring with too many requests is served");
  bool mine = grant_end_access(m.good);
  mine &= grant_end_access(m.readonly);
  mine &= grant_end_access(m.others);
  if (mine)
    frames_free(frame);
  else if (!status.error)
    status.fail(-XEN_EBUSY, "the backend has kept a frame");
  print_line("block: %u bad requests refused by the backend of %s", m.refused, disk->name);
}
