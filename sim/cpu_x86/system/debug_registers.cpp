// The register file as gdb's x86-64 features name and order it (gdb manual, "i386 Features"), and the control
// registers behind it.
#include <cstring>

#include "sim/core/error.h"
#include "sim/cpu_x86/system/architecture.h"
#include "sim/cpu_x86/system/core.h"

namespace xs::x86 {

namespace {

enum class File : u8 { gpr, rip, flags, segment, x87_stack, x87, xmm, mxcsr, base, system };

constexpr const char *core_feature = "org.gnu.gdb.i386.core", *sse_feature = "org.gnu.gdb.i386.sse",
                     *base_feature = "org.gnu.gdb.i386.segments",
                     *system_feature = "org.xenoscope.x86.system";

struct Row {
  DebugRegister shown;
  File file;
  u8 index;  ///< in its file; general registers as instructions encode them
};

constexpr Row row(const char* name, unsigned bits, const char* type, const char* feature, File file,
                  unsigned index) {
  return {{name, bits, type, feature}, file, static_cast<u8>(index)};
}
constexpr Row gpr_row(const char* name, unsigned index, const char* type = "int64") {
  return row(name, 64, type, core_feature, File::gpr, index);
}
constexpr Row x87_row(const char* name, Fpu which) {
  return row(name, 32, "int", core_feature, File::x87, static_cast<unsigned>(which));
}
constexpr Row segment_row(const char* name, SegmentIndex index) {
  return row(name, 32, "int32", core_feature, File::segment, index);
}

enum : u8 { sys_cr0, sys_cr2, sys_cr3, sys_cr4, sys_cr8, sys_efer };
constexpr Row system_row(const char* name, unsigned which) {
  return row(name, 64, "int64", system_feature, File::system, which);
}
constexpr Row stack_row(const char* name, unsigned i) {
  return row(name, 80, "i387_ext", core_feature, File::x87_stack, i);
}
constexpr Row xmm_row(const char* name, unsigned i) {
  return row(name, 128, "vec128", sse_feature, File::xmm, i);
}

constexpr Row rows[] = {
    gpr_row("rax", 0),
    gpr_row("rbx", 3),
    gpr_row("rcx", 1),
    gpr_row("rdx", 2),
    gpr_row("rsi", 6),
    gpr_row("rdi", 7),
    gpr_row("rbp", 5, "data_ptr"),
    gpr_row("rsp", 4, "data_ptr"),
    gpr_row("r8", 8),
    gpr_row("r9", 9),
    gpr_row("r10", 10),
    gpr_row("r11", 11),
    gpr_row("r12", 12),
    gpr_row("r13", 13),
    gpr_row("r14", 14),
    gpr_row("r15", 15),
    row("rip", 64, "code_ptr", core_feature, File::rip, 0),
    row("eflags", 32, "i386_eflags", core_feature, File::flags, 0),
    segment_row("cs", seg_cs),
    segment_row("ss", seg_ss),
    segment_row("ds", seg_ds),
    segment_row("es", seg_es),
    segment_row("fs", seg_fs),
    segment_row("gs", seg_gs),
    stack_row("st0", 0),
    stack_row("st1", 1),
    stack_row("st2", 2),
    stack_row("st3", 3),
    stack_row("st4", 4),
    stack_row("st5", 5),
    stack_row("st6", 6),
    stack_row("st7", 7),
    x87_row("fctrl", Fpu::control),
    x87_row("fstat", Fpu::status),
    x87_row("ftag", Fpu::tag),
    x87_row("fiseg", Fpu::instruction_segment),
    x87_row("fioff", Fpu::instruction_offset),
    x87_row("foseg", Fpu::operand_segment),
    x87_row("fooff", Fpu::operand_offset),
    x87_row("fop", Fpu::opcode),
    xmm_row("xmm0", 0),
    xmm_row("xmm1", 1),
    xmm_row("xmm2", 2),
    xmm_row("xmm3", 3),
    xmm_row("xmm4", 4),
    xmm_row("xmm5", 5),
    xmm_row("xmm6", 6),
    xmm_row("xmm7", 7),
    xmm_row("xmm8", 8),
    xmm_row("xmm9", 9),
    xmm_row("xmm10", 10),
    xmm_row("xmm11", 11),
    xmm_row("xmm12", 12),
    xmm_row("xmm13", 13),
    xmm_row("xmm14", 14),
    xmm_row("xmm15", 15),
    row("mxcsr", 32, "i386_mxcsr", sse_feature, File::mxcsr, 0),
    row("fs_base", 64, "int", base_feature, File::base, 0),
    row("gs_base", 64, "int", base_feature, File::base, 1),
    system_row("cr0", sys_cr0),
    system_row("cr2", sys_cr2),
    system_row("cr3", sys_cr3),
    system_row("cr4", sys_cr4),
    system_row("cr8", sys_cr8),
    system_row("efer", sys_efer),
};

constexpr auto shown_rows = [] {
  std::array<DebugRegister, std::size(rows)> shown{};
  for (size_t i = 0; i < shown.size(); ++i) shown[i] = rows[i].shown;
  return shown;
}();

void put(std::span<u8> out, u64 value) {
  std::memcpy(out.data(), &value, std::min(out.size(), sizeof value));
}

}  // namespace

std::span<const DebugRegister> Core::registers() const { return shown_rows; }

void Core::read_register(unsigned index, std::span<u8> out) const {
  const Row& r = rows[index];
  switch (r.file) {
    case File::gpr:
      return put(out, gpr(r.index));
    case File::rip:
      return put(out, engine_->rip());
    case File::flags:
      return put(out, engine_->reg(Reg::rflags));
    case File::segment:
      return put(out, engine_->segment(static_cast<SegmentIndex>(r.index)).selector);
    case File::x87_stack:
      return engine_->read_fpu(Fpu::stack, r.index, out);
    case File::x87:
      return engine_->read_fpu(static_cast<Fpu>(r.index), 0, out);
    case File::xmm:
      return engine_->read_fpu(Fpu::xmm, r.index, out);
    case File::mxcsr:
      return engine_->read_fpu(Fpu::mxcsr, 0, out);
    case File::base:
      return put(out, engine_->reg(r.index ? Reg::gs_base : Reg::fs_base));
    case File::system:
      return put(out, reg(r.shown.name));
  }
}

// General registers, RIP, the arithmetic flags, vectors: what an experiment wants to change. The others would
// need the checks of the instructions that load them.
bool Core::write_register(unsigned index, std::span<const u8> in) {
  const Row& r = rows[index];
  u64 value = 0;
  std::memcpy(&value, in.data(), std::min(in.size(), sizeof value));
  constexpr u64 writable_flags = 0xcd5;  // CF PF AF ZF SF DF OF
  switch (r.file) {
    case File::gpr:
      set_gpr(r.index, value);
      return true;
    case File::rip:
      engine_->give_back_block();
      engine_->set_rip(value);
      return true;
    case File::flags: {
      const u64 kept = engine_->reg(Reg::rflags) & ~writable_flags;
      engine_->set_reg(Reg::rflags, kept | (value & writable_flags));
      return true;
    }
    case File::x87_stack:
      engine_->write_fpu(Fpu::stack, r.index, in);
      return true;
    case File::xmm:
      engine_->write_fpu(Fpu::xmm, r.index, in);
      return true;
    default:
      return false;
  }
}

}  // namespace xs::x86
