// Small hypercalls: xen_version, console_io, vm_assist.
#include "hypervisor/common/boot.h"
#include "hypervisor/common/console.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/version.h"

namespace hv {
namespace {

/// A fixed-size text answer, filled up with zeros.
template <size_t N>
long answer_text(Vaddr arg, const char* text) {
  char buffer[N] = {};
  copy_string(buffer, text, N);
  return copy_to_guest(arg, buffer, N) ? 0 : -XEN_EFAULT;
}

long compile_info(Vaddr arg) {
  xen_compile_info info = {};
  copy_string(info.compiler, "g++ " __VERSION__, sizeof(info.compiler));
  copy_string(info.compile_by, "xenoscope", sizeof(info.compile_by));
  copy_string(info.compile_domain, "", sizeof(info.compile_domain));
  copy_string(info.compile_date, "", sizeof(info.compile_date));  // none: builds are reproducible
  return copy_to_guest(arg, info) ? 0 : -XEN_EFAULT;
}

long features(Vaddr arg) {
  xen_feature_info info;
  if (!copy_from_guest(info, arg)) return -XEN_EFAULT;
  const Domain* domain = current()->domain;
  info.submap = 0;
  if (info.submap_idx == 0)
    info.submap = domain->mm.model->features | 1u << XENFEAT_not_direct_mapped |
                  (domain->privileged ? 1u << XENFEAT_dom0 : 0);
  return copy_to_guest(arg, info) ? 0 : -XEN_EFAULT;
}

}  // namespace

long do_xen_version(const HypercallArgs& args) {
  const Vaddr arg = args.arg[1];
  switch (args.arg[0]) {
    case XENVER_version:
      return kAbiMajor << 16 | kAbiMinor;
    case XENVER_extraversion:
      return answer_text<XEN_EXTRAVERSION_LEN>(arg, ".0-xenoscope");
    case XENVER_compile_info:
      return compile_info(arg);
    case XENVER_capabilities:
      return answer_text<1024>(arg, arch_capabilities());
    case XENVER_changeset:
      return answer_text<64>(arg, "unavailable");
    case XENVER_platform_parameters: {
      const xen_platform_parameters parameters = {arch_hypervisor_start()};
      return copy_to_guest(arg, parameters) ? 0 : -XEN_EFAULT;
    }
    case XENVER_get_features:
      return features(arg);
    case XENVER_pagesize:
      return arg ? -XEN_EINVAL : static_cast<long>(kPageSize);
    case XENVER_guest_handle:
      return copy_to_guest(arg, current()->domain->handle) ? 0 : -XEN_EFAULT;
    case XENVER_commandline:
      // Denied in words, as Xen does: tools print what they get.
      return current()->domain->privileged ? answer_text<1024>(arg, boot_memory.cmdline)
             : copy_to_guest(arg, "<denied>", sizeof("<denied>")) ? 0
                                                                  : -XEN_EFAULT;
    case XENVER_build_id:
      // For privileged domains; these images carry none, they are compared byte by byte.
      return current()->domain->privileged ? -XEN_ENODATA : -XEN_EPERM;
    default:
      return -XEN_ENOSYS;
  }
}

long do_console_io(const HypercallArgs& args) {
  const Vaddr buffer = args.arg[2];
  const u64 count = static_cast<u32>(args.arg[1]);
  char chunk[128];
  if (args.arg[0] == CONSOLEIO_write) {
    for (u64 done = 0; done < count;) {
      const u64 n = min_of<u64>(count - done, sizeof(chunk));
      if (done && hypercall_preempt_check())
        return hypercall_continue({{CONSOLEIO_write, count - done, buffer + done}});
      if (!copy_from_guest(chunk, buffer + done, n)) return -XEN_EFAULT;
      console_guest_text(current()->domain, chunk, n);
      done += n;
    }
    return 0;
  }
  if (args.arg[0] != CONSOLEIO_read) return -XEN_ENOSYS;
  if (!current()->domain->privileged) return -XEN_EPERM;
  const u64 n = console_read(chunk, min_of<u64>(count, sizeof(chunk)));
  return copy_to_guest(buffer, chunk, n) ? static_cast<long>(n) : -XEN_EFAULT;
}

long do_vm_assist(const HypercallArgs& args) {
  const u64 type = args.arg[1];
  if (type >= 64 || !(arch_vm_assists() >> type & 1)) return -XEN_EINVAL;
  u64& assists = current()->domain->vm_assist;
  switch (args.arg[0]) {
    case VMASST_CMD_enable:
      __atomic_fetch_or(&assists, 1ull << type, __ATOMIC_RELAXED);
      return 0;
    case VMASST_CMD_disable:
      __atomic_fetch_and(&assists, ~(1ull << type), __ATOMIC_RELAXED);
      return 0;
    default:
      return -XEN_ENOSYS;
  }
}

}  // namespace hv
