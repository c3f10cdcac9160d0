// Alignment that PSR.ac asks for (SDM vol. 2 4.5), and messages that need firmware.
#include "tests/unit/cpu_ia64/core/bench.h"

using namespace xs;
using namespace xs::ia64;
using namespace xs::ia64::test;

TEST_CASE("with PSR.ac every item lies on a multiple of its size, one of ten bytes on one of sixteen") {
  Bench b;
  Processor& p = b.core.processor();
  for (const bool check : {false, true}) {
    p.set_psr(psr::bn | psr::ic | (check ? psr::ac : 0));
    for (const unsigned size : {1u, 2u, 4u, 8u, 10u, 16u})
      for (u64 offset = 0; offset < 32; ++offset) {
        u64 low = 0, high = 0;
        const bool whole = offset % (size == 10 ? 16 : size) == 0;
        const Reach reached = p.load_wide({.va = 0x40000 + offset, .size = size}, low, high);
        INFO("size " << size << ", offset " << offset << ", PSR.ac " << check);
        REQUIRE((reached == Reach::granted) == (whole || !check));
        if (reached == Reach::refused) CHECK(p.pending.vector == Vector::unaligned_reference);
      }
  }
}

TEST_CASE("a message that only firmware could take stops the core by name") {
  Bench b;
  b.sapics.send({0, 0, SapicMessage::Delivery::interrupt, 0x40});
  CHECK_FALSE(b.core.stopped());
  b.sapics.send({0, 0, SapicMessage::Delivery::init, 0});
  CHECK(b.core.stop_reason().find("INIT") != std::string::npos);
}
