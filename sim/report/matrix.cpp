#include "sim/report/matrix.h"

#include <algorithm>

#include "sim/core/error.h"

namespace xs::report {
namespace {

using enum Measure::From;

constexpr Setup all_setups[] = {
    {"direct", "direct", "direct", true},
    {"mixed", "direct", "translated", false},
    {"translated", "translated", "translated", true},
    {"P==M dom0", "identity", "translated", false},
    {"PMT", "dom0_pmt", "dom0_pmt", false},
};

constexpr Architecture all_architectures[] = {{"x86_64", "x86-64"}, {"ia64", "IA-64"}};

constexpr Workload all_workloads[] = {
    {.name = "boot", .scenario = "regression/boot.json", .domains = false},
    {.name = "create", .scenario = "demo/create.json", .vary = {"memory", "16", "80", 64}},
    {.name = "balloon",
     .scenario = "demo/balloon.json",
     .setting = "extra=programs=none",
     .vary = {"low", "32", "16", 4096}},
    {.name = "disk", .scenario = "demo/disk.json", .vary = {"rounds", "1", "6", 5}},
    {.name = "driver",
     .scenario = "regression/driver-objects.json",
     .vary = {"rounds", "1", "6", 5},
     .domains = false},
    {.name = "receive", .scenario = "demo/receive.json", .vary = {"packets", "100", "600", 500}},
    {.name = "fragmentation", .scenario = "regression/fragmentation.json", .setting = "cycles=2"},
    {.name = "requests of dom0", .scenario = "demo/requests.json", .setting = "domains=0", .domains = false},
    {.name = "requests", .scenario = "demo/requests.json"},
    {.name = "translation-miss", .scenario = "teach/translation-miss.json", .model = "translated"},
};

constexpr Question all_questions[] = {
    {"size", "1. How big is the P2M, and how is it built?",
     "Asked because a table for all of a machine's memory was feared to be large, and because somebody has "
     "to own its pages.",
     "In direct the guest keeps the table in its own memory, as an array in one level that it publishes by "
     "lists; the hypervisor holds the way back (M2P) for all. In translated it is the hypervisor's: a radix "
     "tree of pages of 512 entries, with one entry for 2 MiB in one piece. In P==M there is none, but a "
     "record "
     "of other domains' frames that dom0 has mapped. The PMT is the tree of translated, and dom0 may read "
     "it: "
     "as an array or as a tree, the entries or a copy of the numbers alone, which it may also write and have "
     "taken over (option pmt)."},
    {"attributes", "2. What do its entries say beside the frame?",
     "Asked because an entry that says who may write, or whose frame it is, can do the work of a check.",
     "Counted are entries of P2Ms that the hypervisor holds, at the step where they are most. A P2M that a "
     "guest keeps holds numbers alone; what it may do with a frame is checked when it enters the frame in a "
     "page table. A PMT's pages are the hypervisor's; dom0's P2M has them, too, for reading only unless it "
     "may write. Memory "
     "attributes (cached or not) are in the guests' own entries in all models."},
    {"sizes", "3. Which page sizes are there?",
     "Asked because Linux/ia64 maps memory by pages of 16 KiB and by larger ones.",
     "In direct an entry is one frame of 4 KiB, and a guest has no larger page. A P2M that the hypervisor "
     "holds has an entry of 2 MiB for 512 frames in one piece, until one of them goes. A larger page of a "
     "guest stays as large as the P2M allows: 2 MiB in shadow tables on x86-64, up to 256 MiB in inserted "
     "translations on IA-64, where programs may also have pages of 16 KiB (docs/memory-models.md)."},
    {"devices", "4. What do dom0's devices and its DMA need?",
     "Asked because a device takes machine addresses, and in 2005 there was no IOMMU.",
     "A dom0 that knows no machine address gets some frames whose guest number is the machine's, and its "
     "drivers move data through them. In direct it knows the machine's numbers, in P==M its numbers are the "
     "machine's, and with a PMT it looks them up: then devices reach all of its memory and what is granted "
     "to it, and nothing is copied."},
    {"translation", "5. What does it cost on the way from an address to a frame?",
     "Asked because the hypervisor has to put the machine's number in wherever the guest has its own: "
     "vcpu_translate, itc, a page fault.",
     "Where page tables are checked (direct), a change of one costs a hypercall and a miss nothing. Where "
     "the guest's own numbers are translated, a change is free, and the first use after it comes to the "
     "hypervisor: shadow tables are filled on x86-64, a VHPT on IA-64. A request's time is that of the "
     "shortest way there and back."},
    {"code", "6. How much of drivers and kernel differs between models?",
     "Asked because P==M was chosen for a kernel with few changes.",
     "Lines that are neither blank nor comment, counted in the sources that this program was built from, "
     "when the report is made. Drivers are the same files in all models; what they need of a model stands "
     "behind two headers. The driver of dom0's disks is built three times: as for the bare machine, as for "
     "domains, with the model's table looked up inline, and transparent, with calls through the seam. The "
     "first one is right where dom0's frame numbers are the machine's, and is caught elsewhere; the others "
     "are right in every model."},
    {"binary", "7. Is it one kernel for dom0 and domains?", "Asked because distributions want to ship one.",
     "Compared is the file's hash, as this program reads it, with the one that dom0 tells of what domains "
     "are made of, in its archive. Roles are what the kernel itself said on its console in the runs of this "
     "report. On the bare machine the same file boots by ./xenoscope boot, which is no scenario: it is not "
     "among these runs."},
    {"grants", "8. What do grants cost in each model?",
     "Asked because a page flip changes P2M and M2P on both sides, and a copy changes nothing but moves "
     "every byte.",
     "A packet's cost is what two runs that differ by 500 packets differ by, so that boot and set-up are "
     "not in it. What a disk's request costs, whose frames are mapped by grants, is under question 4."},
    {"life", "9. What of balloons, of making and destroying domains, and of fragmentation?",
     "Asked because frames that come back are not the ones that went: in P==M the kernel has to take others.",
     "A balloon's frame is one that goes and comes back. A domain's cost is what two domains of 16 and 80 "
     "MiB differ by, per MiB; it is built paused, so that nothing runs beside the toolstack. In direct dom0 "
     "fills a new domain's P2M in memory that it has not published yet: not counted as changes of a P2M."},
    {"migration", "10. What of save, restore and migration?",
     "Asked because a guest that knows machine frames has to forget them before it moves.",
     "Not measured: there are no numbers before there is something to measure. Below is what the toolstack "
     "of this version answers to the verbs. Once it knows one, a scenario's step of that name and "
     "./xenoscope compare will count it, and a line in this report's table of workloads will show it."},
};

constexpr const char* ways[] = {"copy", "flip", "exchange", "donate-free", "donate-copy"};
constexpr unsigned sizes[] = {64, 1472, 4000}, few_sizes[] = {64, 1472};
constexpr const char* verbs[] = {"save", "restore", "migrate"};

const std::vector<Measure> of_tables = {
    {"exceptions", counters, "machine.exceptions"},
    {"hypercalls", counters, "hypercall.*"},
    {"of these: changes of page tables", counters,
     "hypercall.mmu_update.NORMAL_PT_UPDATE,hypercall.update_va_mapping"},
    {"TLB misses", counters, "mmu.misses"},
    {"shadow entries filled", counters, "shadow.fills"},
    {"VHPT entries made", counters, "vhpt.insertions"},
    {"VHPTs emptied", counters, "vhpt.flushes"},
    {"TLB flushes announced", counters, "observer.tlb_flushes"},
};

std::vector<Measure> with(std::vector<Measure> first, const std::vector<Measure>& then) {
  first.insert(first.end(), then.begin(), then.end());
  return first;
}

/// The same rows, for figures of one unit.
std::vector<Measure> to_digits(std::vector<Measure> rows, int digits) {
  for (Measure& m : rows) m.digits = digits;
  return rows;
}

std::vector<TableSpec> make_tables() {
  const std::vector<Measure> work = {{"simulated ms", time, "", 1e-3, 2},
                                     {"million instructions", counters, "machine.instructions", 1e-6, 2}};
  const std::vector<Measure> changes = {
      {"P2M entries changed", counters, "observer.p2m_changes", 1, 2},
      {"M2P entries changed", counters, "observer.m2p_changes", 1, 2},
      {"frames that get another owner", counters, "observer.owner_changes", 1, 2}};
  return {
      {"size",
       "A domain of 80 MiB that has booted",
       "create",
       false,
       true,
       {{"entries that name a frame", p2m, "web:entries"},
        {"levels of the hypervisor's P2M", p2m, "web:levels"},
        {"its pages", p2m, "web:held"},
        {"pages of the P2M that the guest keeps", p2m, "web:own"},
        {"frames of shadow tables in the machine, at the most", frames, "*:shadow"}}},
      {"size",
       "For each MiB of the domain's memory",
       "create",
       true,
       true,
       {{"pages of the P2M, the hypervisor's", p2m, "web:held", 1, 3},
        {"pages of the P2M, the guest's", p2m, "web:own", 1, 3},
        {"frames of the domain's page tables that the hypervisor checks", frames, "web:tables", 1, 3}}},
      {"attributes",
       "Entries of dom0's P2M while it serves a domain's disk",
       "disk",
       false,
       false,
       {{"that name a frame", p2m, "dom0:entries"},
        {"of these: for reading only", p2m, "dom0:read-only"},
        {"another domain's frame", p2m, "dom0:foreign"},
        {"of these: by a grant", p2m, "dom0:granted"},
        {"the hypervisor's frames: shared_info, and pages of PMTs", p2m, "dom0:shared"}}},
      {"attributes",
       "Entries of a domain's P2M",
       "create",
       false,
       true,
       {{"that name a frame", p2m, "web:entries"},
        {"of these: for reading only", p2m, "web:read-only"},
        {"another domain's frame", p2m, "web:foreign"},
        {"the hypervisor's frames: shared_info, and pages of PMTs", p2m, "web:shared"}}},
      {"migration",
       "Machine numbers in the memory of a domain of 80 MiB that has booted: what must be found before it "
       "moves",
       "create",
       false,
       true,
       {{"words that are one", exposed, "web:words"},
        {"of these: of its own frames", exposed, "web:own"},
        {"machine frames that they name", exposed, "web:frames"},
        {"words in dom0's memory", exposed, "dom0:words"}}},
      {"sizes",
       "Frames and entries of a domain of 80 MiB",
       "create",
       false,
       true,
       {{"frames of the domain", frames, "web:all"},
        {"entries of its P2M", p2m, "web:entries"},
        {"frames of page tables of level 1 that are checked", frames, "web:L1"},
        {"of levels 2 to 4", frames, "web:upper"}}},
      {"devices",
       "dom0's P2M while it serves a disk",
       "disk",
       false,
       false,
       {{"entries that name a frame", p2m, "dom0:entries"},
        {"frames whose guest number is the machine's", p2m, "dom0:same"}}},
      {"devices", "1 MiB written to a virtual disk, flushed, read back and compared", "disk", true, false,
       with(to_digits(work, 2),
            to_digits(with({{"accesses to device registers", counters, "machine.mmio_accesses"},
                            {"frames mapped by grants", counters, "grant.maps"},
                            {"frames copied by grants", counters, "grant.copies"}},
                           of_tables),
                      1)),
       "simulated ms", 1},
      {"translation", "Boot of hypervisor and dom0, and its first commands", "boot", false, true,
       with(with({{"simulated ms to dom0's prompt", step, "boot", 1e-3, 2}}, work), of_tables)},
      {"translation",
       "The shortest requests of dom0's kernel: simulated ns each",
       "requests of dom0",
       false,
       false,
       {{"hypercall", operation, "dom0:hypercall"},
        {"system call that does nothing", operation, "dom0:null-syscall"},
        {"switch to another process", operation, "dom0:process-switch"},
        {"page fault: first touch of a page", operation, "dom0:page-fault"},
        {"page forgotten, and touched again", operation, "dom0:forget-and-touch"},
        {"page forgotten", operation, "dom0:forget"},
        {"privileged instruction", operation, "dom0:privileged"},
        {"its hyperprivop", operation, "dom0:hyperprivop-slow"}}},
      {"translation",
       "The shortest requests of a domain's kernel: simulated ns each",
       "requests",
       false,
       false,
       {{"hypercall", operation, "web:hypercall"},
        {"system call that does nothing", operation, "web:null-syscall"},
        {"switch to another process", operation, "web:process-switch"},
        {"page fault: first touch of a page", operation, "web:page-fault"},
        {"page forgotten, and touched again", operation, "web:forget-and-touch"},
        {"page forgotten", operation, "web:forget"},
        {"privileged instruction", operation, "web:privileged"},
        {"its hyperprivop", operation, "web:hyperprivop-slow"}},
       "simulated ns",
       5},
      {"translation", "A guest that touches more pages than the hypervisor keeps translations of",
       "translation-miss", false, false,
       with(with(work, {{"pools of shadow tables used up", counters, "shadow.evictions"}}), of_tables)},
      {"life",
       "One frame out of a balloon's 48 MiB: simulated µs",
       "balloon",
       false,
       true,
       {{"given back", lines, "balloon: target 16384|balloon: 16384 KiB, target reached", 1.0 / 12288, 3},
        {"taken again", lines, "balloon: target 65536|balloon: 65536 KiB, target reached", 1.0 / 12288, 3}},
       "simulated µs for each frame",
       2},
      {"life", "A frame that goes and comes back", "balloon", true, true,
       with({{"instructions", counters, "machine.instructions"}}, with(changes, to_digits(of_tables, 3)))},
      {"life", "A MiB more of a domain that is made, boots and is destroyed", "create", true, true,
       with(with({{"simulated µs to make it", step, "create", 1, 1},
                  {"simulated µs to destroy it", step, "destroy", 1, 1},
                  {"instructions", counters, "machine.instructions"}},
                 changes),
            to_digits(of_tables, 2)),
       "simulated µs for each MiB", 2},
      {"life",
       "Domains of 9, 27 and 80 MiB come, balloon and go, two times: free memory in pieces",
       "fragmentation",
       false,
       false,
       {{"pieces of 2 MiB at the beginning", first_number, "free in pieces: ([0-9]+) of"},
        {"at the least, with two domains alive", least_number, "free in pieces: ([0-9]+) of"},
        {"when all have gone", last_number, "free in pieces: ([0-9]+) of"},
        {"single frames at the beginning", first_number, "free in pieces: .* ([0-9]+) single"},
        {"single frames when all have gone", last_number, "free in pieces: .* ([0-9]+) single"},
        {"simulated ms to make a domain of 240 MiB then", step, "create name=last", 1e-3, 1}}},
  };
}

}  // namespace

std::span<const Setup> setups() { return all_setups; }
std::span<const Architecture> architectures() { return all_architectures; }
std::span<const Workload> workloads() { return all_workloads; }
std::span<const Question> questions() { return all_questions; }
std::span<const char* const> receive_ways() { return ways; }
std::span<const char* const> later_verbs() { return verbs; }
std::span<const unsigned> packet_sizes(bool quick) {
  return quick ? std::span<const unsigned>(few_sizes) : std::span<const unsigned>(sizes);
}

const Workload& workload_named(const std::string& name) {
  for (const Workload& w : all_workloads)
    if (name == w.name) return w;
  throw Error("no workload \"" + name + "\"");
}

const std::vector<TableSpec>& tables() {
  static const std::vector<TableSpec> all = make_tables();
  return all;
}

const std::vector<Measure>& packet_measures() {
  static const std::vector<Measure> all = {
      {"instructions", counters, "machine.instructions"},
      {"hypercalls", counters, "hypercall.*", 1, 2},
      {"of these: GNTTABOP_copy", counters, "hypercall.grant_table_op.copy", 1, 3},
      {"GNTTABOP_transfer", counters, "hypercall.grant_table_op.transfer", 1, 3},
      {"changes of page tables", counters,
       "hypercall.mmu_update.NORMAL_PT_UPDATE,hypercall.update_va_mapping", 1, 3},
      {"frames that get another owner", counters, "observer.owner_changes", 1, 2},
      {"P2M entries changed", counters, "observer.p2m_changes", 1, 2},
      {"M2P entries changed", counters, "observer.m2p_changes", 1, 2},
      {"TLB flushes announced", counters, "observer.tlb_flushes", 1, 2},
      {"TLB misses", counters, "mmu.misses", 1, 1},
      {"shadow entries filled", counters, "shadow.fills", 1, 2},
      {"VHPTs emptied", counters, "vhpt.flushes", 1, 2},
  };
  return all;
}

}  // namespace xs::report
