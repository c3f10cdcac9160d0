// Native trace -> Perfetto trace, to be opened in ui.perfetto.dev.
//
//     process "machine"      one track per core: which VCPU runs (slices), traps and interrupts (instants)
//     process "dom1 (web)"   one track per VCPU: hypercalls (slices, nested in multicalls), events and
//     exceptions
//                            received (instants); a counter: frames owned
//     process "scenario"     steps (slices), console lines (instants)
#pragma once
#include <string>

#include "sim/observe/trace_reader.h"

namespace xs::observe {

/// Throws Error: damaged trace, file cannot be written.
void export_perfetto(const TraceReader& trace, const std::string& file);

}  // namespace xs::observe
