#include "guests/tests/toolstack-vcpu/contexts.h"

namespace {
constexpr u64 pattern = 0x0123456789abcdef;
constexpr u64 stacked_registers = 20;
}  // namespace

void describe(Mfn) {
  written = {};
  written.flags = VGCF_online;
  for (unsigned n = 1; n < 32; n++) written.r[n] = pattern * n;
  written.nats = 1 << 5 | 1u << 31;
  for (unsigned n = 0; n < 8; n++) written.b[n] = 0xa000000000100000 + n * 16, written.kr[n] = pattern + n;
  written.pr = 0x8001;
  written.ip = 0x100000;
  written.psr = PSR_BN;
  written.ifs = u64{1} << 63 | stacked_registers;
  written.rsc = 3 | 3 << 2;
  written.bspstore = 0xe000000000200000;
  written.stacked_bytes = stacked_registers * sizeof(u64);
  for (unsigned n = 0; n < stacked_registers; n++) written.stacked[n] = pattern ^ n;
  written.ccv = 7, written.unat = 8, written.fpsr = FPSR_DEFAULT, written.pfs = 9, written.lc = 10,
  written.ec = 11;
  for (unsigned n = 0; n < 8; n++) written.rr[n] = (FIRST_USER_RID + n) << 8 | page_shift << 2;
  for (unsigned n = 2; n < 128; n++) written.f[n][0] = pattern + n, written.f[n][1] = 0x1003e;
  for (unsigned n = 0; n < 16; n++) written.pkr[n] = (0x100 + n) << 8 | 1;
  written.event_callback = 0xa000000000103000;
}

bool describe_badly(unsigned mistake, Mfn frame) {
  describe(frame);
  switch (mistake) {
    case 0:
      written.stacked_bytes = sizeof written.stacked;
      return true;
    case 1:
      written.stacked_bytes = 12;
      return true;
    case 2:
      written.bspstore = HYPERVISOR_VIRT_START;
      return true;
    case 3:
      written.stacked_bytes = ~0ull & ~7ull;
      return true;
    case 4:  // 97 registers and one collection: there is no room in a CPU
      written.stacked_bytes = 98 * sizeof(u64);
      return true;
    default:
      return false;
  }
}

void check_registers() {
  const auto &a = written, &b = found;
  for (unsigned n = 1; n < 32; n++) test_check(a.r[n] == b.r[n], "r%u is 0x%lx", n, b.r[n]);
  test_check(a.nats == b.nats, "NaT bits are 0x%lx", b.nats);
  for (unsigned n = 0; n < 8; n++)
    test_check(a.b[n] == b.b[n] && a.kr[n] == b.kr[n] && a.rr[n] == b.rr[n],
               "b%u 0x%lx, kr%u 0x%lx, rr%u 0x%lx", n, b.b[n], n, b.kr[n], n, b.rr[n]);
  test_check(a.ip == b.ip && a.pr == b.pr && a.ifs == b.ifs, "ip 0x%lx, pr 0x%lx, ifs 0x%lx", b.ip, b.pr,
             b.ifs);
  test_check((b.psr & PSR_BN) && !(b.psr & (PSR_I | PSR_IC | PSR_IT | PSR_DT)), "psr 0x%lx", b.psr);
  test_check(a.bspstore == b.bspstore && a.stacked_bytes == b.stacked_bytes &&
                 !memcmp(a.stacked, b.stacked, a.stacked_bytes),
             "the register stack differs: bspstore 0x%lx, %lu bytes", b.bspstore, b.stacked_bytes);
  test_check(a.rsc == b.rsc && a.ccv == b.ccv && a.unat == b.unat && a.fpsr == b.fpsr && a.pfs == b.pfs &&
                 a.lc == b.lc && a.ec == b.ec,
             "an application register was lost");
  unsigned wrong = 0;
  for (unsigned n = 2; n < 128; n++) wrong += a.f[n][0] != b.f[n][0] || a.f[n][1] != b.f[n][1];
  test_equal("registers of floating point that were lost", wrong, 0);
  test_check(!memcmp(a.pkr, b.pkr, sizeof a.pkr), "a protection key was lost");
  test_check(a.event_callback == b.event_callback, "event callback 0x%lx", b.event_callback);
}
