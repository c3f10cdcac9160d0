#include "sim/observe/saved_vcpus.h"

#include <xen/xen.h>

#include <utility>

namespace xs::observe {
namespace {

constexpr unsigned most_domains = 0x7ff0;  // domain ids end there: a list that goes on is none

class Reader {
 public:
  Reader(const SavedVcpus::Peek& peek, const xs_vcpus& layout) : peek_(peek), at_(layout) {}

  template <typename T>
  T read(u64 va) const {
    T value{};
    return peek_(va, &value, sizeof value) ? value : T{};
  }

  SavedVcpu vcpu(u64 domain, u64 va) const {
    SavedVcpu v;
    v.state = state(domain, va);
    const auto r = read<cpu_user_regs_t>(va + at_.vcpu_registers);
    v.general = {r.rax, r.rcx, r.rdx, r.rbx, r.rsp, r.rbp, r.rsi, r.rdi,
                 r.r8,  r.r9,  r.r10, r.r11, r.r12, r.r13, r.r14, r.r15};
    v.rip = r.rip, v.rflags = r.rflags;
    const auto data = read<std::array<u16, 4>>(va + at_.vcpu_selectors);  // ds es fs gs
    v.selectors = {data[1], r.cs, r.ss, data[0], data[2], data[3]};
    const bool kernel = read<u8>(va + at_.vcpu_kernel_mode) != 0;
    v.table = read<u64>(va + (kernel ? at_.vcpu_kernel_table : at_.vcpu_user_table));
    v.fs_base = read<u64>(va + at_.vcpu_fs_base);
    v.gs_base = read<u64>(va + (kernel ? at_.vcpu_gs_base_kernel : at_.vcpu_gs_base_user));
    v.cr2 = read<u64>(va + at_.vcpu_cr2);
    v.cr4 = read<u64>(va + at_.vcpu_cr4);
    v.fpu = read<std::array<u8, 512>>(va + at_.vcpu_fpu);
    return v;
  }

 private:
  const char* state(u64 domain, u64 va) const {
    const u32 why = read<u32>(va + at_.vcpu_why_stopped);
    if (why & XS_VCPU_DOWN) return "down";
    if (read<u8>(domain + at_.domain_shut_down)) return "shut down";
    if (read<u32>(domain + at_.domain_pauses) || read<u32>(va + at_.vcpu_pauses)) return "paused";
    if (why & XS_VCPU_BLOCKED) return "blocked";
    return why & XS_VCPU_POLLING ? "polling" : "runnable";
  }

  const SavedVcpus::Peek& peek_;
  const xs_vcpus& at_;
};

}  // namespace

std::vector<SavedVcpu> SavedVcpus::list(const Peek& peek) const {
  std::vector<SavedVcpu> all;
  xs_vcpus at{};
  // Before the hypervisor has its page tables the address may lead anywhere.
  if (!symbol_ || !peek(*symbol_, &at, sizeof at) || at.magic != XS_VCPUS_MAGIC) return all;
  const Reader reader(peek, at);
  unsigned domains = 0;
  for (u64 domain = reader.read<u64>(at.domain_list); domain != 0 && domains++ < most_domains;
       domain = reader.read<u64>(domain + at.domain_next))
    for (u32 i = 0; i < at.vcpu_slots; ++i) {
      const u64 va = reader.read<u64>(domain + at.domain_vcpus + u64{i} * sizeof(u64));
      if (va == 0) continue;
      all.push_back(reader.vcpu(domain, va));
      all.back().domid = reader.read<u16>(domain + at.domain_id);
      all.back().vcpu = i;
    }
  return all;
}

}  // namespace xs::observe
