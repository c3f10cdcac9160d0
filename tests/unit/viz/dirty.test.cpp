// Dirty frames: found by their bytes, since power-on or since a moment.
#include <catch2/catch.hpp>

#include "tests/support/flat_memory.h"
#include "viz/live/dirty_look.h"
#include "viz/model/frame_map.h"

using namespace xs;
using namespace xs::viz;

namespace {

std::vector<u32> dirty(const DirtyFrames& found, u32 frames) {
  std::vector<u32> out;
  for (u32 i = 0; i < frames; ++i)
    if (found.is(i)) out.push_back(i);
  CHECK(found.count == out.size());
  return out;
}

}  // namespace

TEST_CASE("a frame is dirty when its bytes are others than at the moment that counts") {
  constexpr u32 frames = 130;  // more than two words, not a whole number of them
  test::FlatMemory memory(u64{frames} << frame_shift);
  DirtyLook look;
  const auto at = [](u32 frame, u32 offset) { return (u64{frame} << frame_shift) + offset; };
  memory.set_word(at(3, 0), 1), memory.set_word(at(64, 4088), 1), memory.set_word(at(129, 8), u64{1} << 63);
  CHECK(look.last() == nullptr);
  CHECK(dirty(*look.look(memory, 0, 1, 0), frames) == std::vector<u32>{3, 64, 129});
  CHECK(look.last()->since_ps == 0);

  auto found = look.look(memory, 1, 2, 1000);
  CHECK(dirty(*found, frames).empty());
  CHECK(found->since_ps == 1000);
  CHECK(found->since == 1);
  CHECK(look.look(memory, 1, 2, 1000) == found);  // it stands as it stood: nothing is looked at
  memory.set_word(at(3, 0), 2), memory.set_word(at(64, 4088), 0), memory.set_word(at(128, 0), 0);
  CHECK(dirty(*look.look(memory, 1, 3, 1000), frames) == std::vector<u32>{3, 64});  // zero, but it was not
  memory.set_word(at(3, 0), 1);
  CHECK(dirty(*look.look(memory, 1, 4, 2000), frames) == std::vector<u32>{64});  // as it was: not dirty
  CHECK(look.last()->since_ps == 1000);
  CHECK(dirty(*look.look(memory, 0, 5, 2000), frames) == std::vector<u32>{3, 129});
  CHECK(dirty(*look.look(memory, 2, 6, 3000), frames).empty());
}
