// <stdlib.h>, <ctype.h> and a little of <math.h> for compiler tests. A program ends through the exit port of
// the bare machine, with 134 for abort().
#include <stdlib.h>
#include <string.h>

void program_exit(unsigned value) __attribute__((noreturn));

void exit(int value) { program_exit((unsigned)value); }
void _exit(int value) { program_exit((unsigned)value); }
void abort(void) { program_exit(134); }

int abs(int x) { return x < 0 ? -x : x; }
long labs(long x) { return x < 0 ? -x : x; }
// A test brings one of its own.
__attribute__((weak)) long long llabs(long long x) { return x < 0 ? -x : x; }

// Nothing is ever given back: tests are short.
static char heap[16 << 20] __attribute__((aligned(16)));
static size_t used;

void* malloc(size_t size) {
  const size_t whole = (size + 31) & ~(size_t)15;
  if (size > sizeof heap || used + whole > sizeof heap) return 0;
  char* p = heap + used;
  *(size_t*)p = size;
  used += whole;
  return p + 16;
}
void free(void* p) { (void)p; }
void* calloc(size_t count, size_t size) {
  void* p = malloc(count * size);
  return p ? memset(p, 0, count * size) : 0;
}
void* realloc(void* old, size_t size) {
  void* p = malloc(size);
  if (!p || !old) return p;
  const size_t before = *(size_t*)((char*)old - 16);
  return memcpy(p, old, before < size ? before : size);
}

int atoi(const char* s) {
  int n = 0;
  while (*s >= '0' && *s <= '9') n = n * 10 + *s++ - '0';
  return n;
}

void qsort(void* base, size_t count, size_t size, int (*order)(const void*, const void*)) {
  char* a = base;
  for (size_t i = 1; i < count; ++i)
    for (size_t k = i; k != 0 && order(a + (k - 1) * size, a + k * size) > 0; --k)
      for (size_t byte = 0; byte < size; ++byte) {
        const char t = a[k * size + byte];
        a[k * size + byte] = a[(k - 1) * size + byte];
        a[(k - 1) * size + byte] = t;
      }
}

int isdigit(int c) { return c >= '0' && c <= '9'; }
int isprint(int c) { return c >= 32 && c < 127; }
int toupper(int c) { return c >= 'a' && c <= 'z' ? c - 32 : c; }

double fabs(double x) { return x < 0 ? -x : x; }
double floor(double x) {
  const double whole = (double)(long)x;
  return whole > x ? whole - 1 : whole;
}
