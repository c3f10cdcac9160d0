// Where a call's structures lie, and what it may write of them.
#include "guests/tests/hypercall-fuzz/arch.h"

namespace {
struct Range {
  u64 start, end;
};
constexpr unsigned most_ranges = 48;
Range writable[most_ranges];
unsigned ranges;
u64 used;
bool end_used;
// The last part is for what straddles the end; structures of one call never overlap, lest one call of a list
// makes pointers of the next that lead into the guest's own memory.
constexpr u64 end_bytes = 2 * KiB;
u8 before[args_bytes];

void may_be_written(u64 start, u64 bytes) {
  if (ranges < most_ranges) writable[ranges++] = {start, start + bytes};
}

// Reaches `over` bytes beyond the argument pages; the part that lies in them gets the data.
u64 store_at_end(u64 over, const void* data, u64 bytes, bool written) {
  const u64 address = hypercall_arg(world.read_only) + over - bytes;
  if (end_used || bytes - over > end_bytes) return hypercall_arg(world.hole) - rnd.below(bytes + 1);
  end_used = true;
  const u64 room = hypercall_arg(world.read_only) - address;
  memcpy(memory_at(address), data, min_of(bytes, room));
  if (written) may_be_written(address, min_of(bytes, room));
  return address;
}
}  // namespace

void arguments_begin() {
  used = rnd.below(64) * 8;
  ranges = 0;
  end_used = false;
}

u8* reserve(u64 bytes, bool written) {
  used = align_up(used, 8);
  if (used + bytes > args_bytes - end_bytes) return nullptr;
  u8* at = world.args + used;
  used += bytes;
  if (written) may_be_written(hypercall_arg(at), bytes);
  return at;
}

u64 place(const void* data, u64 bytes, bool written, u64 unit) {
  switch (rnd.below(40)) {
    case 0:  // its end, or all of it, lies where it can only be read
      return store_at_end(align_up(rnd.below(bytes + 1), unit), data, bytes, written);
    case 1:  // its end lies nowhere
      return hypercall_arg(world.hole) - rnd.below(bytes + 1);
    case 2:
      return hypercall_arg(world.read_only) + rnd.below(page_bytes - 8);
    case 3:
      return any_address();
    case 4:  // exactly up to the end of what can be written
      return store_at_end(0, data, bytes, written);
    default:
      u8* at = reserve(bytes, written);
      if (at == nullptr) return hypercall_arg(world.hole);
      memcpy(at, data, bytes);
      return hypercall_arg(at);
  }
}

u64 count_of_list(u64 address, u64 bytes, u64 entries) {
  const bool inside =
      address >= hypercall_arg(world.args) && address + bytes < hypercall_arg(world.read_only);
  return inside || !rnd.one_in(2) ? entries : any_number();
}

void arguments_remember() { memcpy(before, world.args, args_bytes); }

bool arguments_unharmed() {
  if (memcmp(before, world.args, args_bytes) == 0) return true;
  for (u64 i = 0; i < args_bytes; i++) {
    if (before[i] == world.args[i]) continue;
    const u64 address = hypercall_arg(world.args) + i;
    bool allowed = ranges == most_ranges;
    for (unsigned r = 0; r < ranges && !allowed; r++)
      allowed = address >= writable[r].start && address < writable[r].end;
    if (!allowed) return false;
  }
  return true;
}
