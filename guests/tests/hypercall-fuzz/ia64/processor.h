// What calls about IA-64's processor share.
#pragma once
#include "guests/tests/hypercall-fuzz/arch.h"
#include "layout.h"

// Not hypercalls but hostile in their own way; numbers that no hypercall has.
enum Hostile : u64 {
  hostile_instruction = u64{1} << 32,
  hostile_translation,
  hostile_branch,
  hostile_register_stack_call
};
