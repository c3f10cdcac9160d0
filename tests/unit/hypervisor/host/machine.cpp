#include "machine.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "arch_frame_window.h"
#include "hypervisor/arch/x86_64/mm_device_memory.h"
#include "hypervisor/common/acpi.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/iommu.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/print.h"
#include "hypervisor/common/taps.h"

namespace {
void* reserve(size_t bytes) {
  return mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}
xs_frame* const frame_table = static_cast<xs_frame*>(reserve((1ull << 33) * sizeof(xs_frame)));
uint64_t* const m2p_table = static_cast<uint64_t*>(reserve((1ull << 33) * sizeof(uint64_t)));
char* const low_ram = static_cast<char*>(reserve(hvtest::kLowFrames * hv::kPageSize));
char* const high_ram = static_cast<char*>(reserve(hvtest::kHighFrames * hv::kPageSize));
hv::Paddr next_boot_byte = 1 << 20;
}  // namespace

extern "C" {
void xs_store64(uint64_t* to, uint64_t value) { *to = value; }
void xs_table_store64(uint64_t* to, uint64_t value) { *to = value; }
void xs_table_store32(uint32_t* to, uint32_t value) { *to = value; }
void xs_mark_store(uint64_t*, uint64_t mark, uint64_t a, uint64_t b, uint64_t c) {
  if (mark == XS_MARK_SHADOW) hvtest::shadow_events[b]++;
  if (mark == XS_MARK_GRANT) hvtest::note_grant(a, b, c);
}
}

namespace hv {

BootMemory boot_memory;
unsigned cpu_count = 1;

xs_frame* arch_frame_table() { return frame_table; }
u64* arch_m2p_table() { return m2p_table; }
void arch_show_m2p_to_guests(Mfn, Mfn, u64) {}
void arch_map_hypervisor(Vaddr, Mfn, u64, HvMapping) {}

Paddr boot_alloc(BootMemory& memory, u64 bytes, u64 alignment) {
  const Paddr at = round_up(next_boot_byte, alignment);
  next_boot_byte = round_up(at + bytes, kPageSize);
  memory.reserved[0] = {1 << 20, next_boot_byte};
  memory.reserved_count = 1;
  return at;
}

void* frame_to_virt(Mfn mfn) {
  if (mfn < hvtest::kLowFrames) return low_ram + mfn * kPageSize;
  if (mfn - hvtest::kHighFirst < hvtest::kHighFrames)
    return high_ram + (mfn - hvtest::kHighFirst) * kPageSize;
  panic("frame %lx is no RAM", mfn);
}
Mfn virt_to_frame(const void* address) {
  const auto* p = static_cast<const char*>(address);
  if (p >= low_ram && p < low_ram + hvtest::kLowFrames * kPageSize)
    return static_cast<Mfn>(p - low_ram) / kPageSize;
  return hvtest::kHighFirst + static_cast<Mfn>(p - high_ram) / kPageSize;
}

void mark_kept(const Vcpu* vcpu, xs_kept what, unsigned page, Mfn mfn) {
  const auto slot = std::pair{mark_name(vcpu), u64{what} << 32 | page};
  if (mfn == kInvalidMfn)
    hvtest::kept.erase(slot);
  else
    hvtest::kept[slot] = mfn;
}
void arch_cpu_relax_and_serve() { panic("a lock is taken twice"); }
void arch_flush_tlb_everywhere() { hvtest::flushes++; }
void arch_fill_hypervisor_slots(u64* l4) { l4[256] = ~0ull; }
void arch_load_address_space(Vcpu*) {}
void arch_reload_descriptor_tables(Vcpu*) {}
void arch_flush_tlb(u64, Vaddr) {}
u64 arch_domain_cpu_mask(const Domain*) { return 1; }
PerCpu& this_cpu() {
  static PerCpu cpu;
  return cpu;
}

// A guest's pointers are the test's own; null and everything at kBadAddress and above fault.
static bool guest_range_ok(Vaddr address) { return address != 0 && address < hvtest::kBadAddress; }
bool arch_copy_from_guest(void* to, Vaddr from, u64 bytes) {
  if (guest_range_ok(from)) memcpy(to, reinterpret_cast<const void*>(from), bytes);
  return guest_range_ok(from);
}
bool arch_copy_to_guest(Vaddr to, const void* from, u64 bytes) {
  if (guest_range_ok(to)) memcpy(reinterpret_cast<void*>(to), from, bytes);
  return guest_range_ok(to);
}
bool clear_guest(Vaddr to, u64 bytes) {
  memset(reinterpret_cast<void*>(to), 0, bytes);
  return true;
}
bool hypercall_preempt_check() { return hvtest::preempt; }
long hypercall_continue(const HypercallArgs&) { panic("a continuation that nobody asked for"); }

namespace {
struct [[gnu::packed]] IommuTable {
  AcpiHeader header;
  u64 address;
  u32 slots, step;
  u64 first;
};
IommuTable iommu_table = {
    {{}, sizeof(IommuTable), 1, 0, {}, {}, 1, 0, 1}, 0xfed90000, hvtest::kIommuSlots, 0x200, 0xfeb00000};
}  // namespace
const AcpiHeader* acpi_find_table(Paddr, const char (&)[5]) { return &iommu_table.header; }
volatile u32* arch_map_device(Paddr) { return hvtest::iommu_registers; }

Domain* domain_get(DomId id) {
  if (id == DOMID_SELF) id = current()->domain->id;
  Domain* domain = owner_domain(id);
  if (domain != nullptr) domain->refs++;
  return domain;
}
bool device_frame_is_mappable(Mfn mfn, bool) { return mfn == 0xfeb00; }
bool arch_device_page_may_be_given(Mfn mfn) { return mfn == 0xfeb00; }
volatile u32* arch_device_registers(Mfn) { return hvtest::device_registers; }
bool arch_pirq_exists(unsigned pirq) { return pirq < 48; }
Spinlock event_lock;
void event_close_pirq(unsigned pirq) { hvtest::closed_pirqs.push_back(pirq); }
Domain* dom0;
bool frame_backs_m2p(Mfn) { return false; }
Mfn m2p_chunk_frame(u64) { return 0; }
void domain_pause(Domain* domain) { domain->pause_count++; }
void domain_unpause(Domain* domain) { domain->pause_count--; }
void domain_put(Domain* domain) {
  domain->refs--;
  hvtest::dropped.push_back(domain->id);
}

u64 parse_number(const char* text, const char** end) {
  char* stop;
  const u64 value = strtoull(text, &stop, 0);
  if (end != nullptr) *end = stop;
  return value;
}

void print(const char*, ...) {}
void panic(const char* format, ...) {
  char text[256];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  throw hvtest::Panic{text};
}

}  // namespace hv

namespace hvtest {

u32 device_registers[kPageSize / 4];
std::vector<unsigned> closed_pirqs;
unsigned flushes;
bool preempt;
u32 iommu_registers[XS_IOMMU_REGISTER_BYTES / 4] = {1};  // the version
unsigned shadow_events[8];
std::vector<DomId> dropped;
std::map<std::pair<u64, u64>, Mfn> kept;
std::vector<GrantMark> grant_marks;
std::map<std::pair<Mfn, bool>, u64> held;

void note_grant(u64 domains, u64 what, Mfn mfn) {
  const auto use = static_cast<xs_grant_use>(what >> XS_GRANT_USE_SHIFT & 0xff);
  const bool write = what & XS_GRANT_WRITE;
  grant_marks.push_back({static_cast<DomId>(domains >> 16), static_cast<DomId>(domains), use, write,
                         static_cast<u32>(what), mfn});
  if (!(what & XS_GRANT_HELD)) return;
  if (use == XS_GRANT_MAP) held[{mfn, write}]++;
  if (use == XS_GRANT_UNMAP && --held[{mfn, write}] == 0) held.erase({mfn, write});
}

void boot() {
  static bool booted;
  if (booted) return;
  booted = true;
  boot_memory.ram[0] = {0, kLowFrames * kPageSize};
  boot_memory.ram[1] = {kHighFirst * kPageSize, (kHighFirst + kHighFrames) * kPageSize};
  boot_memory.ram_count = 2;
  frame_table_init(boot_memory);
}

Domain* add_domain(DomId id, u64 max_pages, xs_memory_model model) {
  boot();
  auto* domain = new Domain();
  domain->id = id;
  domain->model = model;
  domain->mm.max_pages = max_pages;
  if (mm_domain_init(domain) != 0) throw Panic{"mm_domain_init"};
  return domain;
}

void end_domain(Domain* domain) {
  domain->dying = true;
  while (mm_domain_relinquish(domain) != 0) {
  }
  while (grants_release_mappings(domain) != 0) {
  }
  grants_unshare(domain);
}

void remove_domain(Domain* domain) {
  end_domain(domain);
  grants_destroy(domain);
  mm_domain_destroy(domain);
  delete domain;
}

int map_foreign(Domain* domain, Gfn gfn, Domain* owner, u64 name) {
  return domain->mm.model->map_foreign(domain, gfn, owner, name);
}

Mfn frame_for(Domain* domain, unsigned address_bits) {
  MmGuard guard;
  Mfn mfn;
  if (domain_alloc_frames(domain, 0, address_bits, mfn) != 0) throw Panic{"no frame"};
  return mfn;
}

u64* words(Mfn mfn) { return static_cast<u64*>(frame_to_virt(mfn)); }
u64 refs(Mfn mfn) { return frame_count_info(mfn) & XS_COUNT_REFS; }
u64 type_refs(Mfn mfn) { return frame_type_info(mfn) & XS_TYPE_COUNT; }

void enter(Vcpu* vcpu) { this_cpu().current = vcpu; }

namespace {
std::string at(const char* what, Mfn mfn) {
  char text[64];
  snprintf(text, sizeof text, "%s: frame %llx", what, static_cast<unsigned long long>(mfn));
  return text;
}
}  // namespace

std::string broken_invariant() {
  std::map<u32, u64> owned;
  for (unsigned i = 0; i < ram_region_count(); i++)
    for (Mfn mfn = ram_region(i).first; mfn < ram_region(i).first + ram_region(i).count; mfn++) {
      const u32 owner = frame_owner(mfn);
      owned[owner]++;
      if (owner == XS_OWNER_NONE) return at("no owner", mfn);
      if (owner != XS_OWNER_FREE && owner != XS_OWNER_XEN) {
        if (owner_domain(owner) == nullptr) return at("owner is no domain", mfn);
        if (refs(mfn) == 0) return at("owned without reference", mfn);
        continue;
      }
      const u64 type = frame_type_info(mfn);
      const bool table = type == type_bits(XS_FRAME_P2M) || type == type_bits(XS_FRAME_SHADOW);
      if (frame_count_info(mfn) != 0 || (type != 0 && !(table && owner == XS_OWNER_XEN)))
        return at("counts of a frame without domain", mfn);
      if (m2p_get(mfn) != XS_M2P_INVALID) return at("M2P of a frame without domain", mfn);
    }
  if (owned[XS_OWNER_FREE] != heap_free_frames() || heap_count_lists() != heap_free_frames())
    return "free frames do not sum up";
  for (const auto& [owner, count] : owned)
    if (const Domain* d = owner_domain(owner);
        d != nullptr &&
        (d->mm.total_pages != count - d->mm.shared_pages || d->mm.frames.count != d->mm.total_pages))
      return "a domain's frames do not sum up";
  return "";
}

}  // namespace hvtest
