#include <string>

#include "sim/cpu_ia64/isa/disassemble.h"

namespace xs::ia64 {
namespace {

struct Named {
  u8 number;
  const char* name;
};

// Intel SDM volume 1, 3.1.8 "Application Registers".
constexpr Named application_registers[] = {
    {0, "k0"},    {1, "k1"},    {2, "k2"},    {3, "k3"},        {4, "k4"},    {5, "k5"},   {6, "k6"},
    {7, "k7"},    {16, "rsc"},  {17, "bsp"},  {18, "bspstore"}, {19, "rnat"}, {21, "fcr"}, {24, "eflag"},
    {25, "csd"},  {26, "ssd"},  {27, "cflg"}, {28, "fsr"},      {29, "fir"},  {30, "fdr"}, {32, "ccv"},
    {36, "unat"}, {40, "fpsr"}, {44, "itc"},  {45, "ruc"},      {64, "pfs"},  {65, "lc"},  {66, "ec"},
};

// Intel SDM volume 2, 3.3.4 "Control Registers"; the instruction bundle registers iib0 and iib1 are
// rev. 2.3's.
constexpr Named control_registers[] = {
    {0, "dcr"},   {1, "itm"},   {2, "iva"},   {8, "pta"},  {16, "ipsr"}, {17, "isr"},  {19, "iip"},
    {20, "ifa"},  {21, "itir"}, {22, "iipa"}, {23, "ifs"}, {24, "iim"},  {25, "iha"},  {26, "iib0"},
    {27, "iib1"}, {64, "lid"},  {65, "ivr"},  {66, "tpr"}, {67, "eoi"},  {68, "irr0"}, {69, "irr1"},
    {70, "irr2"}, {71, "irr3"}, {72, "itv"},  {73, "pmv"}, {74, "cmcv"}, {80, "lrr0"}, {81, "lrr1"},
};

template <std::size_t size>
std::string name_in(const Named (&table)[size], const char* prefix, unsigned n) {
  for (const Named& r : table)
    if (r.number == n) return std::string(prefix) + "." + r.name;
  return prefix + std::to_string(n);
}

}  // namespace

std::string application_register_name(unsigned n) { return name_in(application_registers, "ar", n); }
std::string control_register_name(unsigned n) { return name_in(control_registers, "cr", n); }

}  // namespace xs::ia64
