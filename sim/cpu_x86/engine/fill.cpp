// Soft-TLB fills: the one way by which the engine learns a translation, and where W^X per frame is kept.
//
// Unicorn's own table is only a cache in front of sim/mmu: it may forget at any time (it resizes itself by
// host time), so nothing the guest can see may depend on how often this is called.
#include "sim/core/error.h"
#include "sim/cpu_x86/engine/engine_impl.h"
#include "sim/cpu_x86/engine/svm_exit.h"

namespace xs::x86 {

namespace {

mmu::AccessKind kind_of(uc_mem_type type) {
  return type == UC_MEM_FETCH   ? mmu::AccessKind::fetch
         : type == UC_MEM_WRITE ? mmu::AccessKind::write
                                : mmu::AccessKind::read;
}

uc_prot rights(bool write, bool execute) {
  return static_cast<uc_prot>(UC_PROT_READ | (write ? UC_PROT_WRITE : 0) | (execute ? UC_PROT_EXEC : 0));
}

}  // namespace

bool Engine::Impl::on_fill(uc_engine*, u64 va, uc_mem_type type, uc_tlb_entry* entry, void* user) {
  return static_cast<Impl*>(user)->fill(va, type, *entry);
}

bool Engine::Impl::fill(u64 va, uc_mem_type type, uc_tlb_entry& entry) {
  if (bootstrapping) {
    if (va - hidden_va >= hidden_size) return false;
    entry.paddr = hidden_base + (va - hidden_va);
    entry.perms = rights(true, true);
    return true;
  }
  if (removing) {
    entry.paddr = removing_pa;
    entry.perms = rights(false, true);
    return va == hidden_va;
  }
  if (type == UC_MEM_FETCH && at_limit()) {  // what comes next is looked at by the next run
    exit.kind = EngineExit::Kind::limit;
    exit.access = mmu::AccessKind::fetch;
    exit_set = refused = true;
    return false;
  }
  const FillAnswer answer = client.fill(va, kind_of(type), self.cpl() == 3);
  if (!answer.ok) {
    exit.kind = answer.hold ? EngineExit::Kind::held : EngineExit::Kind::fault;
    exit.access = kind_of(type);
    exit_set = refused = true;
    return false;
  }
  const u32 frame = frames.frame(answer.pa);
  if (frame == CodeFrames::none)
    fill_device(va, type, answer, entry);
  else if (!fill_dram(va, frame, type, answer, entry))
    return false;
  // Not before: a flush may come in between.
  if (!answer.global) soft_tlb.note_nonglobal(va, type == UC_MEM_FETCH);
  return true;
}

/// Executing outside DRAM reads the bus's all-ones: FF FF is #UD, as on a machine without a device there.
void Engine::Impl::fill_device(u64 va, uc_mem_type type, const FillAnswer& answer, uc_tlb_entry& entry) {
  entry.paddr = type == UC_MEM_FETCH ? hidden_base + hidden_ones : window(va, answer);
  entry.perms = rights(type != UC_MEM_FETCH, type == UC_MEM_FETCH);
}

bool Engine::Impl::fill_dram(u64 va, u32 frame, uc_mem_type type, const FillAnswer& answer,
                             uc_tlb_entry& entry) {
  entry.paddr = answer.pa & ~frame_mask;
  if (config.see_every_access) bind(origins[frame], va, answer.user);  // what may be fetched may be read
  if (type == UC_MEM_FETCH) {
    frames.before_fetch(frame, slot);
    note_code_page(va >> frame_shift, frame, answer.global);
    entry.perms = answer.unread ? UC_PROT_EXEC : rights(false, true);
    return true;
  }
  if (type == UC_MEM_WRITE && (!stepping || in_block) && code_runs_in(frame)) {
    // The store may change instructions behind it in its own block: execute it alone.
    smc_step = refused = true;
    exit.kind = EngineExit::Kind::fault;
    exit_set = true;
    return false;
  }
  const bool write = type == UC_MEM_WRITE || (answer.write && !frames.executable(frame));
  if (write) frames.before_write(frame, slot);
  entry.perms = rights(write, false);
  return true;
}

bool Engine::Impl::code_runs_in(u32 frame) const {
  return frames.executable(frame) && (current->frame == frame || current->frame2 == frame);
}

/// From here on an access to the origin's frame is one to the page of `va`. Flushing inside a fill is safe:
/// Unicorn enters the answer afterwards and asks again for the other page of an access that crosses pages.
void Engine::Impl::bind(Origin& origin, u64 va, bool user) {
  const u64 vpn = va >> frame_shift;
  const bool live = origin.generation == data_generation;
  if (live && origin.vpn != vpn) {
    uc_ctl_flush_tlb(uc);
    ++data_generation;
  }
  origin.user = user || (live && origin.vpn == vpn && origin.user);
  origin.vpn = vpn;
  origin.generation = data_generation;
}

// A device page's place in the window; places are handed out in order of first use and all taken back at
// once.
u64 Engine::Impl::window(u64 va, const FillAnswer& answer) {
  const u64 page = answer.pa & ~frame_mask;
  const std::pair key{page, config.see_every_access ? va : 0};
  auto found = window_index.find(key);
  if (found == window_index.end()) {
    if (window_pa.size() == window_pages) {
      window_pa.clear();
      window_index.clear();
      uc_ctl_flush_tlb(uc);
      ++data_generation;
    }
    found = window_index.emplace(key, static_cast<u32>(window_pa.size())).first;
    window_pa.push_back({page, {}});
  }
  if (config.see_every_access) bind(window_pa[found->second].origin, va, answer.user);
  return window_base + (u64{found->second} << frame_shift);
}

// Removal goes by virtual address through the fill callback; any alias of the frame will do.
void Engine::Impl::remove_code(u64 pa) {
  removing = true;
  removing_pa = pa;
  uc_ctl_remove_cache(uc, hidden_va, hidden_va + frame_size);
  removing = false;
}

void Engine::Impl::flush() {
  soft_tlb.flushed();
  new_generation();
  flush_stamp = stamp;
  ++data_generation;
}

void Engine::flush_tlb() {
  uc_ctl_flush_tlb(impl_->uc);
  impl_->flush();
}

void Engine::Impl::invalidate_page(u64 va) {
  if (!soft_tlb.usable()) return invalidate_natively(va);
  soft_tlb.forget(va);
  if (!runs_code_of(va)) return;
  soft_tlb.forget_code(va);
  new_generation();
}

// Unicorn executes the guest's own INVLPG, unintercepted for this once.
void Engine::Impl::invalidate_natively(u64 va) {
  const u64 at = rip, intercepts = context->intercepts();
  context->set_intercepts(intercepts & ~(u64{1} << (svm::exit_invlpg - svm::exit_intr)));
  context->store();
  retry = rip + code_base();  // its tap was told
  unseen = true;
  const u64 flags = read(UC_X86_REG_RFLAGS);
  const bool done = step_natively(flags);
  unseen = false;
  context->load();
  context->set_intercepts(intercepts);
  context->set_rflags_control((context->rflags_control() & ~rflags_tf) | (flags & rflags_tf));
  context->store();
  rip = at;
  if (!done) return self.flush_tlb();
  if (runs_code_of(va)) new_generation();
}

void Engine::invalidate_page(u64 va) { impl_->invalidate_page(va); }

bool Engine::Impl::forget_nonglobal() {
  if (!soft_tlb.forget_nonglobal()) return false;
  for (Block* b : nonglobal_blocks) b->key = 0;
  nonglobal_blocks.clear();
  return true;
}

// With paging on, Unicorn's register write is a flush already, and a flush is most of what MOV to CR3 costs.
void Engine::load_cr3(u64 value) {
  if (impl_->forget_nonglobal()) return impl_->context->set_cr3(value);
  set_reg(Reg::cr3, value);
  if (!(reg(Reg::cr0) >> 31 & 1)) return flush_tlb();
  impl_->flush();
}

void Engine::drop_write_rights() { flush_tlb(); }

void Engine::drop_code(u32, u64 pa) {
  flush_tlb();
  impl_->remove_code(pa);
  flush_tlb();  // forget hidden_va
}

}  // namespace xs::x86
