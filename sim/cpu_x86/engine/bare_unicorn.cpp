#include "sim/cpu_x86/engine/bare_unicorn.h"

#include <unicorn/unicorn.h>

#include <cstring>
#include <string>

#include "sim/core/error.h"

namespace xs::x86 {

u64 call_on_bare_unicorn(std::span<u8> memory, u64 entry, u64 argument) {
  const auto check = [](uc_err e) {
    if (e != UC_ERR_OK) throw Error(std::string("Unicorn: ") + uc_strerror(e));
  };
  constexpr u64 return_address = 0x1000;
  uc_engine* uc = nullptr;
  check(uc_open(UC_ARCH_X86, UC_MODE_64, &uc));
  check(uc_mem_map_ptr(uc, 0, memory.size(), UC_PROT_ALL, memory.data()));
  const u64 rsp = memory.size() - 64 - sizeof return_address;
  std::memcpy(memory.data() + rsp, &return_address, sizeof return_address);
  check(uc_reg_write(uc, UC_X86_REG_RSP, &rsp));
  check(uc_reg_write(uc, UC_X86_REG_RDI, &argument));
  check(uc_emu_start(uc, entry, return_address, 0, 0));
  u64 result = 0;
  check(uc_reg_read(uc, UC_X86_REG_RAX, &result));
  check(uc_close(uc));
  return result;
}

}  // namespace xs::x86
