#include "sim/observe/saved_vcpus.h"

#include <xen/xen.h>

#include <algorithm>
#include <bit>
#include <concepts>
#include <utility>

namespace xs::observe {
namespace {

constexpr u64 most_dirty_bytes = 1024;     // 96 stacked registers with their collections
constexpr u32 most_translations = 64;      // of a VCPU, however damaged the count
constexpr unsigned most_domains = 0x7ff0;  // domain ids end there: a list that goes on is none

/// Reads by one of the two layouts, whose heads are alike.
template <typename Layout>
class Reader {
 public:
  Reader(const SavedVcpus::Peek& peek, const Layout& layout) : peek_(peek), at_(layout) {}

  template <typename T>
  T read(u64 va) const {
    T value{};
    return peek_(va, &value, sizeof value) ? value : T{};
  }

  std::vector<SavedVcpu> list() const;

 private:
  void registers(SavedVcpu& v, u64 va) const requires std::same_as<Layout, xs_vcpus> {
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
  }
  void registers(SavedVcpu& v, u64 va) const requires std::same_as<Layout, xs_vcpus_ia64> {
    const auto word = [&](u32 offset) { return read<u64>(va + offset); };
    SavedIa64& s = v.ia64.emplace();
    s.ip = word(at_.vcpu_ip), s.psr = word(at_.vcpu_psr), s.cfm = word(at_.vcpu_cfm);
    s.general = read<std::array<u64, 32>>(va + at_.vcpu_general);
    // r0 may lie anywhere in a group of 64 words; it has no bit of its own.
    constexpr u64 r1_to_r31 = 0xfffffffe;
    const auto place_of_r0 = static_cast<int>((va + at_.vcpu_general) >> 3 & 63);
    s.nats = std::rotr(word(at_.vcpu_general_nats), place_of_r0) & r1_to_r31;
    s.branch = read<std::array<u64, 8>>(va + at_.vcpu_branch), s.predicates = word(at_.vcpu_predicates);
    s.kernel = read<std::array<u64, 8>>(va + at_.vcpu_kernel_registers);
    s.rsc = word(at_.vcpu_rsc), s.ccv = word(at_.vcpu_ccv), s.fpsr = word(at_.vcpu_fpsr);
    s.pfs = word(at_.vcpu_pfs), s.lc = word(at_.vcpu_lc), s.ec = word(at_.vcpu_ec);
    s.csd = word(at_.vcpu_csd);
    floating(s, va);
    stacked(s, va);
    s.virtual_psr = word(at_.vcpu_virtual_psr);
    s.regions = read<std::array<u64, 8>>(va + at_.vcpu_regions);
    for (u32 n = 0; n < std::min(at_.translation_count, most_translations); ++n) {
      const auto t =
          read<xs_translation_ia64>(va + at_.vcpu_translations + u64{n} * sizeof(xs_translation_ia64));
      if ((t.valid & 0xff) != 0) s.translations.push_back(t);
    }
    s.vhpt = word(at_.vcpu_vhpt), s.vhpt_shift = at_.vhpt_shift;
  }
  void floating(SavedIa64& s, u64 va) const requires std::same_as<Layout, xs_vcpus_ia64> {
    s.floating = read<std::array<std::array<u64, 2>, 128>>(va + at_.vcpu_float);
    const auto others = read<std::array<std::array<u64, 2>, 6>>(va + at_.vcpu_float_6_to_11);
    std::copy(others.begin(), others.end(), s.floating.begin() + 6);
    s.floating[0] = {0, 0}, s.floating[1] = {u64{1} << 63, 0xffff};  // 0.0 and 1.0 (SDM vol. 1 5.1.1)
  }
  void stacked(SavedIa64& s, u64 va) const requires std::same_as<Layout, xs_vcpus_ia64> {
    s.bspstore = read<u64>(va + at_.vcpu_bspstore), s.rnat = read<u64>(va + at_.vcpu_rnat);
    const u64 bytes = read<u64>(va + at_.vcpu_bsp) - s.bspstore;
    if (bytes > most_dirty_bytes) return;
    s.dirty.resize(bytes);
    if (!peek_(va + at_.vcpu_stacked + (s.bspstore & 0x1f8), s.dirty.data(), bytes)) s.dirty.clear();
  }
  const char* state(u64 domain, u64 va) const {
    const u32 why = read<u32>(va + at_.vcpu_why_stopped);
    if (why & XS_VCPU_DOWN) return "down";
    if (read<u8>(domain + at_.domain_shut_down)) return "shut down";
    if (read<u32>(domain + at_.domain_pauses) || read<u32>(va + at_.vcpu_pauses)) return "paused";
    if (why & XS_VCPU_BLOCKED) return "blocked";
    return why & XS_VCPU_POLLING ? "polling" : "runnable";
  }

  const SavedVcpus::Peek& peek_;
  const Layout& at_;
};

template <typename Layout>
std::vector<SavedVcpu> Reader<Layout>::list() const {
  std::vector<SavedVcpu> all;
  unsigned domains = 0;
  for (u64 domain = read<u64>(at_.domain_list); domain != 0 && domains++ < most_domains;
       domain = read<u64>(domain + at_.domain_next))
    for (u32 i = 0; i < at_.vcpu_slots; ++i) {
      const u64 va = read<u64>(domain + at_.domain_vcpus + u64{i} * sizeof(u64));
      if (va == 0) continue;
      SavedVcpu& v = all.emplace_back();
      v.domid = read<u16>(domain + at_.domain_id);
      v.vcpu = i;
      v.state = state(domain, va);
      registers(v, va);
      if constexpr (std::same_as<Layout, xs_vcpus_ia64>)
        v.ia64->rid_block = read<u32>(domain + at_.domain_rid_block);
    }
  return all;
}

template <typename Layout>
std::vector<SavedVcpu> list_by(const SavedVcpus::Peek& peek, u64 symbol) {
  Layout at{};
  return peek(symbol, &at, sizeof at) ? Reader<Layout>(peek, at).list() : std::vector<SavedVcpu>();
}

}  // namespace

std::vector<SavedVcpu> SavedVcpus::list(const Peek& peek) const {
  u64 magic = 0;
  // Before the hypervisor has its page tables the address may lead anywhere.
  if (!symbol_ || !peek(*symbol_, &magic, sizeof magic)) return {};
  if (magic == XS_VCPUS_MAGIC) return list_by<xs_vcpus>(peek, *symbol_);
  return magic == XS_VCPUS_IA64_MAGIC ? list_by<xs_vcpus_ia64>(peek, *symbol_) : std::vector<SavedVcpu>();
}

}  // namespace xs::observe
