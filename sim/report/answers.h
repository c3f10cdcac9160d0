// The answers to the questions of 2005, as a document: made of runs, and of what the command finds out beside
// them.
#pragma once
#include <map>
#include <string>

#include "sim/report/columns.h"
#include "sim/report/page/document.h"

namespace xs::report {

struct Facts {
  bool quick = false;
  std::map<std::string, u64> lines;  ///< of code, by name of CodePart::files
  std::string no_sources;            ///< why there are no lines
  std::map<std::string, std::string>
      kernel;  ///< architecture -> hash of the kernel's file; absent: it cannot be read
};

/// Asks `runs` for all that it needs; complete when nothing is wanted any more.
Document p2m_report(Runs& runs, const Facts& facts);

// What stands in a section beside the tables of matrix.h.
void add_grants(Columns& columns, Section& section);
void add_code(const Facts& facts, Section& section);
void add_drivers(Columns& columns, Section& section);
void add_binary(Columns& columns, const Facts& facts, Section& section);
void add_migration(Columns& columns, Section& section);

}  // namespace xs::report
