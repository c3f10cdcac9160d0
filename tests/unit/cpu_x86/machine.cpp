#include "tests/unit/cpu_x86/machine.h"

namespace xs::test {

XS_CODE(start_up,
        ".code32\n"
        "mov $0x620,%eax\n mov %eax,%cr4\n"  // PAE, OSFXSR, OSXMMEXCPT
        "mov $0x10000,%eax\n mov %eax,%cr3\n"
        "mov $0xc0000080,%ecx\n rdmsr\n or $0x901,%eax\n wrmsr\n"  // LME NXE SCE
        "mov $0x80010033,%eax\n mov %eax,%cr0\n"
        "lgdt 0x1f00\n lidt 0x1f10\n"
        "ljmp $0x08,$0x1100\n")
XS_CODE(long_mode,
        "mov $0x10,%eax\n mov %eax,%ss\n mov %eax,%ds\n mov %eax,%es\n"
        "mov $0x30,%eax\n ltr %ax\n mov $0x180000,%esp\n xor %eax,%eax\n xor %ecx,%ecx\n"
        "mov %ebx,%edx\n xor %ebx,%ebx\n jmp *%rdx\n")
// Default handler: halts with interrupts off.
XS_CODE(stop, "cli\n 1: hlt\n jmp 1b\n")

Machine::Machine(x86::CpuConfig config, unsigned count) {
  if (config.observer == nullptr) config.observer = this;
  config.cores = count;
  build_tables();
  for (unsigned i = 0; i < count; ++i) {
    config.id = i;
    cores.push_back(std::make_unique<x86::Core>(config, ram, apic, *this));
  }
}

void Machine::build_tables() {
  load(0x1000, start_up());
  load(0x1100, long_mode());
  load(0x100000, stop());
  const u64 descriptors[] = {0,
                             0x00af9b000000ffff,
                             0x00cf93000000ffff,
                             0x00cff3000000ffff,
                             0x00affb000000ffff,
                             0x00cf9b000000ffff,
                             0x0000890040000067,
                             0,
                             0x00cf13000000ffff,
                             0x00cffb000000ffff};
  std::memcpy(ram.at(gdt), descriptors, sizeof descriptors);
  const auto pointer = [this](u64 at, u16 limit, u64 base) {
    std::memcpy(ram.at(at), &limit, 2);
    std::memcpy(ram.at(at + 2), &base, 8);
  };
  pointer(0x1f00, sizeof descriptors - 1, gdt);
  pointer(0x1f10, 0xfff, idt);
  const u64 rsp0 = stack, ist1 = 0x190000;
  std::memcpy(ram.at(tss + 4), &rsp0, 8);
  std::memcpy(ram.at(tss + 0x24), &ist1, 8);
  const u16 no_bitmap = 0x68;
  std::memcpy(ram.at(tss + 0x66), &no_bitmap, 2);
  for (unsigned v = 0; v < 256; ++v) gate(v, 0x100000);
  constexpr u64 rw_user = 7;
  ram.word(0x10000) = 0x11000 | rw_user;
  ram.word(0x11000) = 0x12000 | rw_user;  // 0..1 GiB
  ram.word(0x11008) = 0x13000 | rw_user;  // 1..2 GiB: alias of 0..
  ram.word(0x11010) = 0x14000 | rw_user;  // 2..3 GiB: devices
  for (u64 i = 0; i < 32; ++i) {
    ram.word(0x12000 + 8 * i) = (page_table + i * 0x1000) | rw_user;
    ram.word(0x13000 + 8 * i) = (page_table + i * 0x1000) | rw_user;
    for (u64 j = 0; j < 512; ++j) ram.word(page_table + i * 0x1000 + 8 * j) = ((i * 512 + j) << 12) | rw_user;
  }
  ram.word(0x14000) = 0x15000 | rw_user;
  ram.word(0x15000) = device_pa | rw_user;
  ram.word(0x15008) = 0xfee00000 | rw_user;
}

void Machine::gate(unsigned vector, u64 handler, unsigned dpl, unsigned ist, bool trap) {
  ram.word(idt + 16 * vector) = (handler & 0xffff) | u64{0x08} << 16 | u64{ist} << 32 |
                                u64{trap ? 0x8fu : 0x8eu} << 40 | u64{dpl} << 45 |
                                (handler & 0xffff0000) << 32;
  ram.word(idt + 16 * vector + 8) = handler >> 32;
}

void Machine::boot(Code code, unsigned i, u64 pa) {
  load(pa, code);
  ram.word(gdt + 0x30) &= ~(u64{2} << 40);  // a TSS that another core has loaded is busy
  core(i).reset_pvh(0x1000, static_cast<u32>(pa));
}

void Machine::run(Code code, u64 cycles) {
  boot(code);
  run_on(cycles);
}

void Machine::run_on(u64 cycles) {
  const u64 end = core().cycles() + cycles;
  while (core().state() == x86::CoreState::running && core().cycles() < end) core().run(end);
}

bool Machine::transport(x86::Space space, bool write, u64 address, u8* data, unsigned size, u64& cycles) {
  cycles = device_latency;
  if (on_transport) on_transport();
  if (space == x86::Space::port) {
    if (address == 0x3f8 && write) text += static_cast<char>(*data);
    if (address == 0x3f8 || address == 0x80) return true;
    return false;
  }
  if (address - device_pa >= frame_size) return false;
  const u64 offset = address - device_pa;
  u64 value = 0;
  if (write) {
    std::memcpy(&value, data, size);
    device_registers[offset] = value;
    device_log.push_back({offset, value});
    if (on_device_write) on_device_write(offset, value);
  } else {
    value = device_registers[offset];
    std::memcpy(data, &value, size);
    device_log.push_back({offset, ~u64{0}});
  }
  return true;
}

}  // namespace xs::test
