#include "guests/kernel/programs.h"

#include "guests/lib/string.h"

extern "C" {
extern const u8 program_worker[], program_worker_end[];
extern const u8 program_forker[], program_forker_end[];
extern const u8 program_bench[], program_bench_end[];
}

static const Program programs[] = {
    {"worker", program_worker, program_worker_end},
    {"forker", program_forker, program_forker_end},
    {"bench", program_bench, program_bench_end},
};

const Program* find_program(const char* name) {
  for (const Program& p : programs)
    if (!strcmp(p.name, name)) return &p;
  return nullptr;
}
