/* Segment selectors on the bare machine, for C++ and assembly. */
#pragma once
#define NATIVE_CS 0x08
#define NATIVE_SS 0x10
#define NATIVE_USER_SS 0x1b
#define NATIVE_USER_CS 0x23
#define NATIVE_TSS 0x28
