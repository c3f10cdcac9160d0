// The comparison with objdump over all encodings is tests/isa/ia64; here are the forms of the output.
#include <catch2/catch.hpp>

#include "sim/cpu_ia64/isa/disassemble.h"

using namespace xs;
using namespace xs::ia64;

namespace {
constexpr u64 nop = 0x00008000000, add = 0x1000101e386;  // (p6) add r14=r15,r16
using Lines = std::vector<std::string>;
}  // namespace

TEST_CASE("a bundle is laid out as objdump does") {
  CHECK(disassemble_lines(Bundle::make(0x00, add, nop, nop), 0) ==
        Lines{"[MII] (p06) add r14=r15,r16", "            nop.i 0x0", "            nop.i 0x0"});
  CHECK(disassemble_lines(Bundle::make(0x0b, nop, add, nop), 0) ==
        Lines{"[MMI]       nop.m 0x0;;", "      (p06) add r14=r15,r16", "            nop.i 0x0;;"});
  CHECK(disassemble_lines(Bundle::make(0x05, nop, 0x0048d159e26, 0x0dcdaede240), 0) ==
        Lines{"[MLX]       nop.m 0x0", "            movl r9=0x8123456789abcdef;;"});
  CHECK(disassemble_lines(Bundle::make(0x1e, 1, 2, 0x1ffffffffff), 0) ==
        Lines{"[-f-]       data8 0x000000001", "            data8 0x000000002",
              "            data8 0x1ffffffffff"});
}

TEST_CASE("one instruction of a bundle") {
  const Bundle bundle = Bundle::make(0x03, nop, add, nop);  // MI|I|
  CHECK(disassemble(bundle, 0, 0) == "nop.m 0x0");
  CHECK(disassemble(bundle, 1, 0) == "(p06) add r14=r15,r16;;");
  CHECK(disassemble(bundle, 2, 0) == "nop.i 0x0;;");
}

TEST_CASE("targets wrap around the address space") {
  const u64 br = 0x08000002000;  // br.few .+0x10
  CHECK(disassemble(Unit::b, br, 0x40) == "br.few 0x50");
  CHECK(disassemble(Unit::b, br, 0xfffffffffffffff0) == "br.few 0x0");
}

TEST_CASE("registers without a name have a number") {
  CHECK(application_register_name(64) == "ar.pfs");
  CHECK(application_register_name(66) == "ar.ec");
  CHECK(application_register_name(20) == "ar20");
  CHECK(control_register_name(81) == "cr.lrr1");
  CHECK(control_register_name(3) == "cr3");
}
