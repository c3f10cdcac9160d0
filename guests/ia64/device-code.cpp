// Code that a device writes: a disk (virtio-mmio, block) reads one small function after the other to the same
// place, and all processors call it there. Sector n of the disk begins with a function that returns n. A
// device's writes are coherent with the caches; what remains to do is srlz.i (SDM vol. 2 4.4.3).
#include "guests/ia64/lib/call_code.h"
#include "guests/ia64/lib/firmware.h"

using namespace bare;

namespace {

constexpr u64 slots = uncached | 0xfeb00000, slot_size = 0x200, slot_count = 24;
constexpr u64 patience = 2000000;  // cycles
constexpr unsigned sectors = 31, sector_size = 512;

// Registers of a slot and what they hold (virtio 1.2, 4.2.2)
enum Register : u64 {
  magic = 0x00,
  version = 0x04,
  device_id = 0x08,
  driver_features = 0x20,
  driver_features_select = 0x24,
  queue_select = 0x30,
  queue_size = 0x38,
  queue_ready = 0x44,
  queue_notify = 0x50,
  status = 0x70,
  queue_descriptors = 0x80,
  queue_available = 0x90,
  queue_used = 0xa0
};
constexpr u32 virtio_magic = 0x74726976, block_device = 2, version_1 = 1;  // of features, upper half
enum Status : u32 { acknowledged = 1, driver = 2, driver_ok = 4, features_ok = 8 };

struct Descriptor {
  u64 address;
  u32 size;
  u16 flags, next;
};
constexpr u16 has_next = 1, device_writes = 2, no_interrupt = 1;
constexpr unsigned entries = 4;

alignas(16) Descriptor descriptors[entries];
struct Available {
  u16 flags, count, ring[entries];
} available;
struct Used {
  u16 flags, count;
  struct {
    u32 first, size;
  } ring[entries];
};
alignas(4) volatile Used used;
struct Request {
  u32 type, reserved;
  u64 sector;
} request;
volatile u8 result;

alignas(4096) u8 code[4096];
u64 order, done, answer;  // to the other processor, and back

u64 load(const u64& where) { return __atomic_load_n(&where, __ATOMIC_SEQ_CST); }
void store(u64& where, u64 value) { __atomic_store_n(&where, value, __ATOMIC_SEQ_CST); }
u64 place(const volatile void* object) { return reinterpret_cast<u64>(object); }

void write_address(u64 slot, u64 which, const volatile void* object) {
  write<u32>(slot + which, static_cast<u32>(place(object)));
  write<u32>(slot + which + 4, static_cast<u32>(place(object) >> 32));
}

/// The disk's slot; 0: there is none.
u64 find_disk() {
  for (u64 n = slot_count; n-- != 0;) {
    const u64 slot = slots + n * slot_size;
    if (read<u32>(slot + magic) == virtio_magic && read<u32>(slot + version) == 2 &&
        read<u32>(slot + device_id) == block_device)
      return slot;
  }
  return 0;
}

void start_disk(u64 slot) {
  write<u32>(slot + status, 0);
  write<u32>(slot + status, acknowledged | driver);
  write<u32>(slot + driver_features_select, 1);
  write<u32>(slot + driver_features, version_1);
  write<u32>(slot + status, acknowledged | driver | features_ok);
  available.flags = no_interrupt;
  write<u32>(slot + queue_select, 0);
  write<u32>(slot + queue_size, entries);
  write_address(slot, queue_descriptors, descriptors);
  write_address(slot, queue_available, &available);
  write_address(slot, queue_used, &used);
  write<u32>(slot + queue_ready, 1);
  write<u32>(slot + status, acknowledged | driver | features_ok | driver_ok);
}

bool read_sector(u64 slot, u64 sector) {
  request = {0, 0, sector};
  result = 0xff;
  descriptors[0] = {place(&request), sizeof request, has_next, 1};
  descriptors[1] = {place(code), sector_size, has_next | device_writes, 2};
  descriptors[2] = {place(&result), 1, device_writes, 0};
  const u16 before = used.count;
  available.ring[available.count % entries] = 0;
  __atomic_store_n(&available.count, static_cast<u16>(available.count + 1), __ATOMIC_SEQ_CST);
  write<u32>(slot + queue_notify, 0);
  for (const u64 end = itc() + patience; used.count == before;)
    if (itc() > end) return false;
  return result == 0;
}

u64 call() {
  asm volatile("srlz.i;;" ::: "memory");
  return call_code(code);
}

/// What another processor gets; 0: there is none.
u64 call_elsewhere(u64 number) {
  store(order, number);
  for (const u64 end = itc() + patience; load(done) != number;)
    if (itc() > end) return 0;
  return load(answer);
}

}  // namespace

void other_main(u64 id) {
  if (id != 1) return;
  for (u64 last = 0;;) {
    const u64 wanted = load(order);
    if (wanted == last) continue;
    store(answer, call());
    store(done, last = wanted);
  }
}

int main() {
  wake_others();
  const u64 slot = find_disk();
  if (slot == 0) return put("no disk\n"), 1;
  start_disk(slot);
  unsigned own = 0, others = 0;
  bool is_alone = false;
  for (u64 sector = 1; sector <= sectors; ++sector) {
    if (!read_sector(slot, sector)) return put("the disk does not answer\n"), 1;
    own += call() == sector;
    const u64 elsewhere = is_alone ? 0 : call_elsewhere(sector);
    others += elsewhere == sector;
    is_alone = elsewhere == 0;
  }
  print("code of a device: ");
  put_decimal(own);
  print(" by this processor, ");
  put_decimal(others);
  print(" by another\n");
  return own == sectors ? 0 : 1;
}
