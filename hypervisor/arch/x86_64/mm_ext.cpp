// Hypercall mmuext_op: pins, page-table bases, flushes, LDT, clearing and copying frames.
#include "hypervisor/arch/x86_64/mm_flush.h"
#include "hypervisor/arch/x86_64/mm_tables.h"
#include "hypervisor/arch/x86_64/mm_vcpu.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/log_dirty.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/mm_batch.h"
#include "hypervisor/common/page_type.h"

namespace hv {

namespace {
int pin(Domain* domain, Mfn mfn, xs_frame_type type) {
  MmGuard guard;
  return domain->dying || domain->mm.model->plain_tables ? -XEN_EINVAL : type_pin(mfn, type, domain);
}

int unpin(Domain* domain, Mfn mfn) {
  MmGuard guard;
  if (domain->mm.model->plain_tables || !frame_get(mfn, owner_id(domain))) return -XEN_EINVAL;
  const int rc = type_unpin(mfn, domain);
  frame_put(mfn);
  return rc;
}

int clear_frame(Domain* domain, u64 name) {
  MmGuard guard;
  const Mfn mfn = domain->mm.model->frame_of(domain, name);
  if (mfn == kInvalidMfn) return -XEN_EINVAL;
  if (const int rc = frame_and_type_get(mfn, XS_FRAME_WRITABLE, domain); rc != 0) return rc;
  memset(frame_to_virt(mfn), 0, kPageSize);
  log_dirty_mark(mfn);
  frame_and_type_put(mfn, domain);
  return 0;
}

int copy_frame(Domain* domain, u64 to_name, u64 from_name) {
  MmGuard guard;
  const Mfn to = domain->mm.model->frame_of(domain, to_name),
            from = domain->mm.model->frame_of(domain, from_name);
  if (to == kInvalidMfn || from == kInvalidMfn || !frame_get(from, owner_id(domain))) return -XEN_EINVAL;
  const int rc = frame_and_type_get(to, XS_FRAME_WRITABLE, domain);
  if (rc == 0) {
    memcpy(frame_to_virt(to), frame_to_virt(from), kPageSize);
    log_dirty_mark(to);
    frame_and_type_put(to, domain);
  }
  frame_put(from);
  return rc;
}

int set_ldt(const mmuext_op& op) {
  Vcpu* vcpu = current();
  const int rc = vcpu_set_ldt(vcpu, op.arg1.linear_addr, op.arg2.nr_ents);
  if (rc == 0) arch_reload_descriptor_tables(vcpu);
  return rc;
}

// For domains that have devices. The errors are Xen's, one for each of the two commands.
int flush_caches(int refusal) {
  if (!current()->domain->privileged) return refusal;
  asm volatile("wbinvd" ::: "memory");
  return 0;
}

// Operations on frames of `domain`, which may be another one.
int frame_operation(const mmuext_op& op, Domain* domain) {
  switch (op.cmd) {
    case MMUEXT_PIN_L1_TABLE:
    case MMUEXT_PIN_L2_TABLE:
    case MMUEXT_PIN_L3_TABLE:
    case MMUEXT_PIN_L4_TABLE:
      return pin(domain, op.arg1.mfn, table_type(op.cmd - MMUEXT_PIN_L1_TABLE + 1));
    case MMUEXT_UNPIN_TABLE:
      return unpin(domain, op.arg1.mfn);
    case MMUEXT_CLEAR_PAGE:
      return clear_frame(domain, op.arg1.mfn);
    case MMUEXT_COPY_PAGE:
      return copy_frame(domain, op.arg1.mfn, op.arg2.src_mfn);
    default:
      return -XEN_ENOSYS;
  }
}

// Operations on the VCPU that calls.
int vcpu_operation(const mmuext_op& op) {
  const Vaddr va = op.arg1.linear_addr;
  const Vaddr bitmap = reinterpret_cast<Vaddr>(op.arg2.vcpumask.p);
  switch (op.cmd) {
    case MMUEXT_NEW_BASEPTR:
      return vcpu_set_kernel_table(current(), op.arg1.mfn, arch_load_address_space);
    case MMUEXT_NEW_USER_BASEPTR:
      return vcpu_set_user_table(current(), op.arg1.mfn);  // loaded on the way to user mode
    case MMUEXT_TLB_FLUSH_LOCAL:
      return guest_flush_local(kFlushAll), 0;
    case MMUEXT_TLB_FLUSH_ALL:
      return guest_flush_domain(kFlushAll), 0;
    case MMUEXT_TLB_FLUSH_MULTI:
      return guest_flush_vcpus(bitmap, kFlushAll);
    case MMUEXT_INVLPG_LOCAL:
      return is_guest_address(va) ? (guest_flush_local(va), 0) : 0;
    case MMUEXT_INVLPG_ALL:
      return is_guest_address(va) ? (guest_flush_domain(va), 0) : 0;
    case MMUEXT_INVLPG_MULTI:
      return is_guest_address(va) ? guest_flush_vcpus(bitmap, va) : 0;
    case MMUEXT_FLUSH_CACHE:
      return flush_caches(-XEN_EACCES);
    case MMUEXT_FLUSH_CACHE_GLOBAL:
      return flush_caches(-XEN_EINVAL);
    case MMUEXT_SET_LDT:
      return set_ldt(op);
    default:
      return -XEN_ENOSYS;
  }
}

bool names_a_frame(unsigned cmd) {
  return cmd <= MMUEXT_UNPIN_TABLE || cmd == MMUEXT_CLEAR_PAGE || cmd == MMUEXT_COPY_PAGE;
}
}  // namespace

long do_mmuext_op(const HypercallArgs& args) {
  const FrameSourceRef frames(static_cast<DomId>(args.arg[3]));
  if (frames.error() != 0) return frames.error();
  Domain* domain = frames.domain();
  return run_batch<mmuext_op, NoGuard>(args, [&](const mmuext_op& op) -> int {
    if (names_a_frame(op.cmd)) return domain != nullptr ? frame_operation(op, domain) : -XEN_EINVAL;
    return domain == current()->domain ? vcpu_operation(op) : -XEN_EPERM;
  });
}

}  // namespace hv
