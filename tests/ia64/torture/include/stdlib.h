#pragma once
#include <stddef.h>
void abort(void) __attribute__((noreturn));
void exit(int) __attribute__((noreturn));
void* malloc(size_t);
void* calloc(size_t, size_t);
void* realloc(void*, size_t);
void free(void*);
int abs(int);
long labs(long);
int atoi(const char*);
void qsort(void*, size_t, size_t, int (*)(const void*, const void*));
