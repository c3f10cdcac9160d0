// The register stack beyond its 96 registers: frames of every size, deep enough that registers, their NaT
// bits and the collections in the backing store come and go several times; other backing stores in between,
// with what is dirty flushed first or taken along; interruptions behind every instruction; fills that fault,
// which belong to the instruction returned to, not to the branch or rfi that returned, and leave a frame that
// is incomplete and can be covered. Sources: Intel SDM vol. 2 chapter 6 (6.5 operation, 6.6 faults, 6.11
// context switches), vol. 3 br.ret, rfi, cover, flushrs, loadrs.
#include "guests/ia64/corner/corner.h"

using namespace corner;
using bare::TrapFrame;

extern "C" {
u64 wrap(u64 size, u64 depth, const u64* source);
u64 thin_0(u64 depth, u64* memory);
u64 thin_1(u64 depth, u64* memory);
u64 thin_2(u64 depth, u64* memory);
u64 thin_3(u64 depth, u64* memory);
u64 on_store(u64 store, void* function, u64 a, u64 b, u64 c, u64 rsc);
u64 borrow_store(u64 store, void* function, u64 a, u64 b, u64 c);
u64 return_to_memory(void (*hook)());
extern const u64 returned[];
}

namespace {

alignas(16) u64 source[2];
constexpr u64 smallest = 4, largest = 96;

u64 depth_for(u64 size) { return 300 / size + 3; }
constexpr u64 registers(u64 size, u64 depth) { return (size - 3) * (depth + 1); }

void all_sizes() {
  bool good = true;
  u64 wrong_size = 0;
  for (u64 size = smallest; size <= largest; ++size) {
    const u64 depth = depth_for(size);
    if (wrap(size, depth, source) == registers(size, depth)) continue;
    good = false;
    wrong_size = size;
  }
  same(wrong_size, 0, "frames of 4 to 96 locals, each deeper than three times the registers, NaT bits too");
  good = true;
  for (u64 offset = 0; offset < 64; ++offset) {
    const u64 store = frame(100) + 8 * offset;
    good &= on_store(store, reinterpret_cast<void*>(wrap), 37, 10, reinterpret_cast<u64>(source), 3) ==
            registers(37, 10);
  }
  check(good, "the same from each of the 64 places of a backing store between two collections");
  good = on_store(frame(100), reinterpret_cast<void*>(wrap), 50, 10, reinterpret_cast<u64>(source),
                  3 | 1 << 4) == registers(50, 10);
  check(good, "a big-endian backing store");
  const u64 little = load(frame(100) + 8 * 40);
  on_store(frame(100), reinterpret_cast<void*>(wrap), 50, 10, reinterpret_cast<u64>(source), 3);
  same(little, __builtin_bswap64(load(frame(100) + 8 * 40)), "holds the same bytes the other way round");
  good = on_store(frame(100), reinterpret_cast<void*>(wrap), 96, 10, reinterpret_cast<u64>(source), 0) ==
         registers(96, 10);
  check(good, "enforced lazy mode");
  check(quiet(), "without interruptions");
}

/// 400 deep: frames of one register go round the 96 four times, too.
void thin_frames() {
  constexpr u64 depth = 400;
  auto* const memory = reinterpret_cast<u64*>(frame(130));
  constexpr u64 (*thin[])(u64, u64*) = {thin_0, thin_1, thin_2, thin_3};
  bool good = true;
  for (u64 size = 0; size < smallest; ++size) good &= thin[size](depth, memory) == size * (depth + 1);
  check(good, "frames of 0 to 3 registers, 400 deep, NaT bits too");
  good = true;
  for (u64 offset = 0; offset < 64; ++offset)
    for (u64 size = 1; size < smallest; ++size)
      good &= on_store(frame(100) + 8 * offset, reinterpret_cast<void*>(thin[size]), depth,
                       reinterpret_cast<u64>(memory), 0, 3) == size * (depth + 1);
  check(good, "the same from each of the 64 places of a backing store between two collections");
  check(quiet(), "without interruptions");
}

u64 switched;

/// At an interruption, the interrupted frame covered: another context's calls on a store of their own.
template <bool flushed>
bool switch_contexts(TrapFrame& f) {
  if (f.vector != general_exception && f.vector != bare::break_instruction) return false;
  const auto function = reinterpret_cast<void*>(wrap);
  const u64 where = reinterpret_cast<u64>(source);
  const u64 right = flushed ? on_store(frame(120) + 8 * (switched % 64), function, 40, 8, where, 3)
                            : borrow_store(frame(120) + 8 * (switched % 64), function, 40, 8, where);
  ++switched;
  f.skip();
  if (right != registers(40, 8)) check(false, "the other context's registers");
  return true;
}

/// Interrupted at every depth, on the way down and up.
[[gnu::noinline]] u64 interrupted_sum(u64 n) {
  asm volatile("break.m 0x42;;" ::: "memory");
  const u64 below = n == 0 ? 0 : interrupted_sum(n - 1);
  asm volatile("break.m 0x43;;" ::: "memory");
  return below + n;
}

void contexts() {
  constexpr u64 depth = 70;
  react = switch_contexts<true>;
  check(interrupted_sum(depth) == depth * (depth + 1) / 2 && switched == 2 * (depth + 1),
        "142 context switches by cover, flushrs and another ar.bspstore");
  react = switch_contexts<false>;
  check(interrupted_sum(depth) == depth * (depth + 1) / 2 && switched == 4 * (depth + 1),
        "142 in which dirty registers go along and come back by loadrs");
  react = nullptr;
  events = 0;
}

u64 steps;

/// Between two breaks an interruption behind every instruction; the handler has frames of its own.
bool step(TrapFrame& f) {
  if (f.vector == bare::break_instruction) {
    f.ipsr ^= psr::ss;
    f.skip();
    return true;
  }
  steps += f.vector == single_step;
  events = 0;  // they are not told one by one
  return f.vector == single_step;
}

[[gnu::noinline]] u64 stepped_wrap(u64 size, u64 depth) {
  asm volatile("break.m 0x44;;" ::: "memory");
  const u64 sum = wrap(size, depth, source);
  asm volatile("break.m 0x45;;" ::: "memory");
  return sum;
}

void interrupted_everywhere() {
  constexpr u64 sizes[] = {4, 5, 6, 7, 8, 12, 16, 24, 32, 37, 48, 63, 64, 80, 95, 96};
  bool good = true;
  react = step;
  for (const u64 size : sizes) {
    const u64 before = steps, depth = depth_for(size);
    good &=
        stepped_wrap(size, depth) == registers(size, depth) && steps - before > 2 * registers(size, depth);
  }
  check(good, "call trees with an interruption behind every instruction");
  react = nullptr;
  events = 0;
}

// Fills that fault

constexpr u64 store_page = in_region(3, 7 * page);

void drop_store() { purge(store_page); }

bool map_store(TrapFrame& f) {
  if (f.vector != alternate_data_tlb || (f.ifa & ~(page - 1)) != store_page) return false;
  insert_data(store_page, {.pa = frame(7)});
  return true;
}

void faulting_fill() {
  insert_data(store_page, {.pa = frame(7)});
  react = map_store;
  const u64 right = on_store(store_page + 0x100, reinterpret_cast<void*>(return_to_memory),
                             reinterpret_cast<u64>(drop_store), 0, 0, 3);
  react = nullptr;
  const Event e = event[0];
  check(events == 1 && e.vector == alternate_data_tlb && (e.isr & ~isr::ed) == (isr::r | isr::rs | isr::ir),
        "br.ret whose frame is not there: ISR.r, rs and ir");
  check(e.iip == reinterpret_cast<u64>(returned) && e.slot() == 0 && e.ei() == 0,
        "IIP is the target: br.ret has completed");
  check((e.ifa & ~(page - 1)) == store_page, "IFA is in the backing store");
  same(right, 40, "covered while incomplete, and filled after the handler's rfi");
  events = 0;
}

/// The same code by a page that has ITLB.ed, which is no business of the register stack's accesses.
void faulting_fill_from_deferring_page() {
  u64 descriptor[2];
  insert_code(in_region(2, 0), {.deferral = true}, 24);
  insert_data(store_page, {.pa = frame(7)});
  react = map_store;
  const auto code = at_region(return_to_memory, 2, descriptor);
  const u64 right =
      on_store(store_page + 0x100, reinterpret_cast<void*>(code), reinterpret_cast<u64>(drop_store), 0, 0, 3);
  react = nullptr;
  check(right == 40 && events == 1 && event[0].isr == (isr::r | isr::rs | isr::ir),
        "ISR.ed is 0 for the RSE");
  events = 0;
}

/// An rfi to a covered frame that is not in registers: 1 when it came back whole.
u64 return_by_rfi() {
  u64 good = 0;
  asm volatile(
      "rsm psr.ic;; srlz.d;; movl r14 = 1f\n mov r15 = psr;; movl r16 = %2;; or r15 = r15, r16\n"
      "cover;; mov r17 = cr.ifs;; flushrs;; mov ar.rsc = 0;; loadrs;; mov ar.rsc = 3;;\n"
      "ptc.l %1, %3;; srlz.d;; mov cr.ipsr = r15\n mov cr.iip = r14;; rfi;;\n"
      "1: mov %0 = 1;;"
      : "=r"(good)
      : "r"(store_page), "i"(psr::ic | psr::bn | psr::it), "r"(u64{page_shift << 2})
      : "r14", "r15", "r16", "r17", "memory");
  return good;
}

extern "C" [[gnu::noipa]] u64 sum_and_return(u64 a, u64 b, u64 c) {
  const u64 x = a * 3, y = b * 5, z = c * 7;
  const u64 good = return_by_rfi();
  return good + x + y + z;
}

void faulting_rfi() {
  insert_data(store_page, {.pa = frame(7)});
  react = map_store;
  const u64 sum = on_store(store_page + 0x1f0 - 8, reinterpret_cast<void*>(sum_and_return), 1, 2, 3, 3);
  react = nullptr;
  const Event e = event[0];
  check(events == 1 && e.vector == alternate_data_tlb && (e.isr & ~isr::ed) == (isr::r | isr::rs | isr::ir),
        "rfi whose frame is not there: ISR.r, rs and ir; ni clear, for it has completed");
  check((e.ipsr & psr::ic) != 0 && (e.ipsr & psr::bn) != 0 && e.slot() == 0, "IPSR is what rfi has restored");
  same(sum, 1 + 3 + 10 + 21, "and the registers come back");
  events = 0;
}

}  // namespace

int main() {
  start("corner-stack");
  all_sizes();
  thin_frames();
  contexts();
  interrupted_everywhere();
  faulting_fill();
  faulting_fill_from_deferring_page();
  faulting_rfi();
  return report("corner-stack");
}
