// Shared libraries that are opened when they are needed first: a program that shows nothing does not wait for
// them.
#pragma once
#include <dlfcn.h>

#include <string>

#include "sim/core/error.h"

namespace xs::viz {

/// Stays open for good. Throws xs::Error that begins with `purpose`.
inline void* open_library(const std::string& purpose, const char* file, const char* package) {
  void* library = ::dlopen(file, RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) throw Error(purpose + ": " + file + " is missing (package " + package + ")");
  return library;
}

template <class Function>
Function* find_function(const std::string& purpose, void* library, const char* name) {
  void* function = ::dlsym(library, name);
  if (function == nullptr) throw Error(purpose + ": there is no function " + name);
  return reinterpret_cast<Function*>(function);
}

}  // namespace xs::viz
