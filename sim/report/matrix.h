// What is run and what is read, as tables: a new memory model, way of receiving, workload or row is one line
// in matrix.cpp.
//
//     setups[] x architectures            columns: which model dom0 has, which its domains
//     workloads[]                         what is run in each of them
//     tables[] ── workload, measures[]    what is shown, below which question
//     questions[]                         what the mailing list asked, in its order
#pragma once
#include <span>

#include "sim/report/measure.h"
#include "sim/report/runs.h"

namespace xs::report {

struct Setup {
  const char* name;
  const char* dom0_model;
  const char* model;  ///< of the domains
  bool quick;         ///< in the small report, too
};

struct Architecture {
  const char *name, *title;
};

/// A parameter with two values. What the two runs differ by, divided by `units`, is what one unit costs.
struct Vary {
  const char* parameter = nullptr;
  const char *from = "", *to = "";
  double units = 1;
};

struct Workload {
  const char* name;
  const char* scenario;
  const char* setting = nullptr;  ///< one that is always made
  Vary vary = {};
  bool domains = true;          ///< dom0 builds some
  const char* model = nullptr;  ///< that the scenario's domains have in any case
};

struct TableSpec {
  const char *question, *caption, *workload;
  bool per_unit;  ///< else of the run with vary.to
  bool quick;
  std::vector<Measure> rows;
  const char* bars = nullptr;  ///< what the y axis of a plot of the first `barred` rows is; none: no plot
  unsigned barred = 1;
};

struct Question {
  const char *id, *title, *asked, *reading;
};

/// Lines of code: which files there are because of what.
struct CodePart {
  const char *side, *what;
  std::vector<const char*> files;
};

std::span<const Setup> setups();
std::span<const Architecture> architectures();
std::span<const Workload> workloads();
const Workload& workload_named(const std::string& name);
std::span<const Question> questions();
const std::vector<TableSpec>& tables();
const std::vector<CodePart>& code_parts();

/// Ways to receive a packet, and packets' sizes (bytes) that are sent.
std::span<const char* const> receive_ways();
std::span<const unsigned> packet_sizes(bool quick);
/// Rows of what a packet costs.
const std::vector<Measure>& packet_measures();
/// The toolstack's verbs that a version may have or not.
std::span<const char* const> later_verbs();

}  // namespace xs::report
