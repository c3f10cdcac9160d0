// An X server without a screen, for tests: what windows show is in a file.
#pragma once
#include <string>

#include "viz/draw/picture.h"

namespace xs {

/// Xvfb, which must be installed (package xvfb). Sets DISPLAY as long as it lives.
class Screen {
 public:
  Screen(u32 width, u32 height);
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen();

  viz::Picture picture() const;

 private:
  std::string folder_;
  int server_ = -1;
};

}  // namespace xs
