// Data accesses beyond what DataCache answers: translation, rights, breakpoints, alignment, byte order,
// devices (SDM vol. 2 4.1, 5.5, 7.1).
#include <algorithm>
#include <array>
#include <cstring>

#include "sim/cpu_ia64/system/processor.h"
#include "sim/mmu/vhpt_ia64/fault_rules.h"

namespace xs::ia64 {

using mmu::ia64::right_read;
using mmu::ia64::right_write;
namespace tlb = mmu::ia64;

namespace {

// Conditions of this file, behind those of the MMU in priority (SDM vol. 2 table 5-6); unimplemented
// addresses come before all.
constexpr u64 debug = 1 << 10, unaligned = 1 << 11, unsupported = 1 << 12, unimplemented = 1 << 13;

constexpr u64 uncached = u64{1} << 63;  // of a physical address: memory attribute UC

u64 access_bits(const DataAccess& a) {
  return ((a.rights & right_read) != 0 ? isr::r : 0) | ((a.rights & right_write) != 0 ? isr::w : 0) |
         (a.speculative ? isr::sp : 0) | (a.rse ? isr::rs : 0) | (a.non_access ? isr::na | a.code : 0);
}

struct Rule {
  u64 condition;
  Vector vector;
  u64 code;
};
constexpr Rule rules[] = {
    {unimplemented, Vector::general_exception, isr::reserved_register},
    {tlb::alternate_tlb, Vector::alternate_data_tlb, 0},
    {tlb::vhpt_miss, Vector::vhpt_translation, 0},
    {tlb::tlb_miss, Vector::data_tlb, 0},
    {tlb::page_not_present, Vector::page_not_present, 0},
    {tlb::nat_page, Vector::nat_consumption, isr::nat_page},
    {tlb::key_miss, Vector::data_key_miss, 0},
    {tlb::key_permission, Vector::key_permission, 0},
    {tlb::access_rights, Vector::data_access_rights, 0},
    {tlb::dirty_bit, Vector::dirty_bit, 0},
    {tlb::access_bit, Vector::data_access_bit, 0},
    {debug, Vector::debug, 0},
    {unaligned, Vector::unaligned_reference, 0},
    {unsupported, Vector::unsupported_data_reference, 0},
};
static_assert(tlb::agrees(rules, false));

}  // namespace

/// The most urgent condition becomes the fault. With PSR.ic clear a miss has no registers to describe itself.
bool Processor::refuse_data(const DataAccess& a, u64 conditions, u64 vhpt_address) {
  const Rule& rule = *std::find_if(std::begin(rules), std::end(rules),
                                   [&](const Rule& x) { return (conditions & x.condition) != 0; });
  if ((rule.condition & tlb::any_miss) != 0 && (r.psr & psr::ic) == 0)
    return refuse({.vector = Vector::data_nested_tlb, .manner = Manner::nested});
  Interruption what{.vector = rule.vector, .isr = access_bits(a) | rule.code, .ifa = a.va};
  what.itir = mmu.region_at(a.va).default_itir();
  what.iha = vhpt_address;
  what.address = true;
  what.hash = (rule.condition & (tlb::vhpt_miss | tlb::tlb_miss)) != 0;
  return refuse(what);
}

u64 Processor::deferred_conditions() const {
  constexpr u64 always = tlb::nat_page | unimplemented;
  if ((r.psr & psr::ic) == 0) return ~u64{0};
  if ((r.psr & psr::it) == 0 || !block || !block->deferral) return always;
  const auto when = [&](u64 control, u64 conditions) { return (r.dcr & control) != 0 ? conditions : 0; };
  return always | unaligned | when(dcr::dm, tlb::any_miss) | when(dcr::dp, tlb::page_not_present) |
         when(dcr::dk, tlb::key_miss) | when(dcr::dx, tlb::key_permission) |
         when(dcr::dr, tlb::access_rights) | when(dcr::da, tlb::access_bit) | when(dcr::dd, debug);
}

/// Data breakpoint registers, which PSR.db turns on: pairs of address and {r, w, plm, mask} (SDM vol.
/// 2 7.1.1).
bool Processor::data_breakpoint(const DataAccess& a) const {
  if ((r.psr & psr::dd) != 0 || a.non_access) return false;
  const unsigned level = a.rse ? static_cast<unsigned>(r.rsc >> 2 & 3) : r.cpl();
  for (unsigned n = 0; n < 8; n += 2) {
    const u64 control = r.dbr[n + 1], mask = control & 0x00ff'ffff'ffff'ffff;
    if ((control >> (56 + level) & 1) == 0) continue;
    const bool reads = control >> 63 != 0, writes = (control >> 62 & 1) != 0;
    if (!((reads && (a.rights & right_read) != 0) || (writes && (a.rights & right_write) != 0))) continue;
    for (unsigned byte = 0; byte < a.size; ++byte)
      if (((a.va + byte) & (mask | u64{0xff} << 56)) == (r.dbr[n] & (mask | u64{0xff} << 56))) return true;
  }
  return false;
}

/// Remembers a grant, for the whole page.
void Processor::keep(u64 va, u64 pa, u64 mode, u8 rights, u8* host) {
  if ((mode & DataCache::slow) != 0) return;
  DataCache::Entry& e = data.at(va);
  const u64 tag = (va & ~frame_mask) | mode;
  const bool told = bus.tells_stores(pa >> frame_shift);
  e = {(rights & right_read) != 0 ? tag : DataCache::never,
       (rights & right_write) != 0 && !told ? tag : DataCache::never,
       reinterpret_cast<std::uintptr_t>(host) - va, pa & ~frame_mask};
}

/// The walker is off where translation is (4.1.5): tpa, tak and probe then have the TLB alone.
tlb::Answer Processor::ask(const DataAccess& a, unsigned level) {
  tlb::Access access{.va = a.va, .rights = a.rights, .cpl = static_cast<u8>(level)};
  access.walk = (r.psr & (a.rse ? psr::rt : psr::dt)) != 0;
  access.protection_keys = (r.psr & psr::pk) != 0;
  access.ignore_accessed_dirty = (r.psr & psr::da) != 0;
  access.big_endian_table = (r.dcr & dcr::be) != 0;
  const tlb::Answer answer = mmu.translate(access);
  take(answer.cycles);
  return answer;
}

bool Processor::look_up(const DataAccess& a, unsigned level, u64& pa) {
  const tlb::Answer answer = ask(a, level);
  pa = answer.pa;
  return answer.refused == 0 || refuse_data(a, answer.refused, answer.vhpt_address);
}

bool Processor::probe(const DataAccess& a, unsigned level, bool& allowed) {
  constexpr u64 faults = tlb::any_miss | tlb::page_not_present | tlb::nat_page | tlb::key_miss;
  const tlb::Answer answer = ask(a, level);
  allowed = (answer.refused & (tlb::access_rights | tlb::key_permission)) == 0;
  if ((answer.refused & faults) == 0) return true;
  return refuse_data(a, answer.refused & faults, answer.vhpt_address);
}

u64 Processor::access_key(u64 va) {
  const tlb::Answer answer = ask({.va = va, .rights = 0, .non_access = true}, 0);
  constexpr u64 nothing = tlb::any_miss | tlb::page_not_present;
  return (answer.refused & nothing) != 0 ? 1 : u64{answer.page.key} << 8;
}

Reach Processor::reach(const DataAccess& a, u64& pa, u8*& host) {
  const u64 mode = a.rse ? rse_mode : data_mode;
  u64 conditions = 0, vhpt_address = 0;
  u8 rights = right_read | right_write;
  bool cacheable = true;
  if ((r.psr & (a.rse ? psr::rt : psr::dt)) == 0) {
    pa = a.va & ~uncached;
    cacheable = (a.va & uncached) == 0;
    if (pa > tlb::physical_mask) conditions |= unimplemented;
  } else {
    const tlb::Answer answer = ask(a, static_cast<unsigned>(mode >> 4 & 3));
    conditions = answer.refused;
    vhpt_address = answer.vhpt_address;
    pa = answer.pa;
    rights = answer.rights;
    if ((conditions & tlb::any_miss) == 0) cacheable = answer.page.ma == tlb::ma_wb;
  }
  if ((r.psr & psr::db) != 0 && data_breakpoint(a)) [[unlikely]]
    conditions |= debug;
  const u64 boundary = a.size == 10 ? 16 : a.size;  // ldfe and stfe: vol. 2 4.5
  if ((a.va & (boundary - 1)) != 0 && (a.aligned || (r.psr & psr::ac) != 0)) conditions |= unaligned;
  if (a.cacheable && !cacheable && (conditions & ~u64{debug | unaligned}) == 0) conditions |= unsupported;
  if (a.speculative) {
    const u64 deferred = conditions & deferred_conditions();
    if ((conditions & ~deferred) == 0 && (deferred != 0 || !cacheable)) return Reach::deferred;
    conditions &= ~deferred;
  }
  if (conditions != 0) return refuse_data(a, conditions, vhpt_address), Reach::refused;
  last_pa = pa;
  last_cacheable = cacheable;
  if (watch && !a.non_access) watch(a);
  host = memory.host(pa);
  if (!host && (a.rights & right_write) == 0) {
    host = const_cast<u8*>(memory.readable(pa));  // ROM: never written, for the grant says so
    rights &= right_read;
  }
  if (host && cacheable) keep(a.va, pa, mode, rights, host);
  return Reach::granted;
}

/// Bytes of one page between DRAM or a device and `bytes`.
bool Processor::move_bytes(bool write, u64 va, u64 pa, u8* host, u8* bytes, unsigned size) {
  if (host) {
    std::memcpy(write ? host : bytes, write ? bytes : host, size);
    if (write && !alat.empty()) alat.stored(pa, size);
    if (write && bus.tells_stores(pa >> frame_shift)) bus.stored(va, pa);
    return true;
  }
  if (pa - interrupt_block < interrupt_block_size) return interrupt_block_access(write, pa, bytes, size);
  u64 latency = 0;
  bus.transport(write, pa, bytes, size, latency);
  take(config.timing.mmio + latency);
  review();
  return true;
}

/// IPIs, INTA and XTP (SDM vol. 2 5.8.4), and firmware's own. A message to the core itself is seen at once.
bool Processor::interrupt_block_access(bool write, u64 pa, u8* bytes, unsigned size) {
  const u64 offset = pa - interrupt_block;
  if (!write) {
    std::memset(bytes, 0, size);
    if (offset == block_inta) bytes[0] = vector_spurious;
    return true;
  }
  if (offset < block_ipis && size == 8) {
    const auto kind = static_cast<SapicMessage::Delivery>(bytes[1] & 7);
    sapics.send({static_cast<u8>(offset >> 12), static_cast<u8>(offset >> 4), kind, bytes[0]});
    review();
  } else if (size == 8) {
    u64 value = 0;
    std::memcpy(&value, bytes, size);
    firmware_store(offset, value);
  }
  return true;
}

void Processor::firmware_store(u64 offset, u64 value) {
  if (offset == block_halt)
    halted = sapic.deliverable() == Sapic::none;
  else if (offset == block_refused)
    stop("the program calls firmware that this machine does not have: " + bus.refused_call(value));
  else
    return;
  review();
  if (executing) leave_block();
}

/// Up to 16 bytes, over one page boundary at most. Both pages are judged before anything moves.
Reach Processor::transfer(const DataAccess& a, bool write, u8* bytes) {
  u64 pa = 0, next_pa = 0;
  u8 *host = nullptr, *next_host = nullptr;
  const unsigned size = a.size,
                 first = static_cast<unsigned>(std::min<u64>(size, frame_size - (a.va & frame_mask)));
  if (first < size) {
    DataAccess second = a;
    second.va = a.va + first;
    second.size = 1;
    const Reach below = reach(a, pa, host);
    if (below != Reach::granted) return below;
    const Reach above = reach(second, next_pa, next_host);
    if (above != Reach::granted) return above;
    move_bytes(write, a.va, pa, host, bytes, first);
    move_bytes(write, second.va, next_pa, next_host, bytes + first, size - first);
    last_pa = pa;
    return Reach::granted;
  }
  const Reach reached = reach(a, pa, host);
  if (reached == Reach::granted) move_bytes(write, a.va, pa, host, bytes, size);
  return reached;
}

bool Processor::big_endian(const DataAccess& a) const {
  return a.rse ? (r.rsc >> 4 & 1) != 0 : (r.psr & psr::be) != 0;
}

/// From or to the order of memory.
void Processor::order_bytes(const DataAccess& a, u8* bytes) const {
  if (!big_endian(a)) return;
  const unsigned element = a.element != 0 ? a.element : a.size;
  for (unsigned at = 0; at < a.size; at += element) std::reverse(bytes + at, bytes + at + element);
}

Reach Processor::load(const DataAccess& a, u64& value) {
  if ((a.va & (a.size - 1)) != 0 || big_endian(a)) {
    u64 high = 0;
    return load_wide(a, value, high);
  }
  u64 pa = 0;
  u8* host = nullptr;
  const Reach reached = reach(a, pa, host);
  if (reached != Reach::granted) return reached;
  value = 0;
  if (host && a.size == 8)
    std::memcpy(&value, host, 8);
  else
    move_bytes(false, a.va, pa, host, reinterpret_cast<u8*>(&value), a.size);
  return reached;
}

Reach Processor::load_wide(const DataAccess& a, u64& low, u64& high) {
  std::array<u8, 16> bytes{};
  const Reach reached = transfer(a, false, bytes.data());
  if (reached != Reach::granted) return reached;
  order_bytes(a, bytes.data());
  std::memcpy(&low, bytes.data(), 8);
  std::memcpy(&high, bytes.data() + 8, 8);
  return reached;
}

bool Processor::store(const DataAccess& a, u64 value) { return store_wide(a, value, 0); }

bool Processor::store_wide(const DataAccess& a, u64 low, u64 high) {
  std::array<u8, 16> bytes{};
  std::memcpy(bytes.data(), &low, 8);
  std::memcpy(bytes.data() + 8, &high, 8);
  order_bytes(a, bytes.data());
  return transfer(a, true, bytes.data()) == Reach::granted;
}

// The register stack's own accesses, at RSC's level and byte order. An entry of `data` serves them like any
// other access.

bool Processor::store(u64 address, u64 value) {
  const DataCache::Entry& e = data.at(address);
  if (e.write == DataCache::key(address, 8, rse_mode)) {
    std::memcpy(e.place(address), &value, 8);
    if (!alat.empty()) alat.stored(e.pa | (address & frame_mask), 8);
    return true;
  }
  return store(DataAccess{.va = address, .rights = right_write, .rse = true}, value);
}

bool Processor::load(u64 address, u64& value) {
  const DataCache::Entry& e = data.at(address);
  if (e.read == DataCache::key(address, 8, rse_mode)) {
    std::memcpy(&value, e.place(address), 8);
    return true;
  }
  return load(DataAccess{.va = address, .rse = true}, value) == Reach::granted;
}

u8* Processor::place(u64 address, bool write) {
  const DataCache::Entry& e = data.at(address);
  const bool known = (write ? e.write : e.read) == DataCache::key(address, 8, rse_mode);
  return known && (!write || alat.empty()) ? e.place(address) : nullptr;
}

}  // namespace xs::ia64
