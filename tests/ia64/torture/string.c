// <string.h> for compiler tests: as short as can be. memcpy, memmove, memset and memcmp are the library's of
// the bare machine.
#include <string.h>

void* mempcpy(void* to, const void* from, size_t n) { return (char*)memcpy(to, from, n) + n; }
void* memchr(const void* s, int c, size_t n) {
  for (const unsigned char* p = s; n != 0; --n, ++p)
    if (*p == (unsigned char)c) return (void*)p;
  return 0;
}
size_t strlen(const char* s) {
  size_t n = 0;
  while (s[n] != 0) ++n;
  return n;
}
size_t strnlen(const char* s, size_t most) {
  size_t n = 0;
  while (n < most && s[n] != 0) ++n;
  return n;
}
char* stpcpy(char* to, const char* from) {
  while ((*to = *from) != 0) ++to, ++from;
  return to;
}
char* strcpy(char* to, const char* from) {
  stpcpy(to, from);
  return to;
}
char* strncpy(char* to, const char* from, size_t n) {
  size_t i = 0;
  for (; i < n && from[i] != 0; ++i) to[i] = from[i];
  for (; i < n; ++i) to[i] = 0;
  return to;
}
char* strcat(char* to, const char* from) {
  strcpy(to + strlen(to), from);
  return to;
}
char* strncat(char* to, const char* from, size_t n) {
  char* end = to + strlen(to);
  while (n-- != 0 && *from != 0) *end++ = *from++;
  *end = 0;
  return to;
}
int strncmp(const char* a, const char* b, size_t n) {
  for (; n != 0; --n, ++a, ++b)
    if (*a != *b || *a == 0) return (unsigned char)*a - (unsigned char)*b;
  return 0;
}
int strcmp(const char* a, const char* b) { return strncmp(a, b, ~(size_t)0); }
char* strchr(const char* s, int c) {
  for (;; ++s) {
    if (*s == (char)c) return (char*)s;
    if (*s == 0) return 0;
  }
}
char* strrchr(const char* s, int c) {
  char* last = 0;
  for (;; ++s) {
    if (*s == (char)c) last = (char*)s;
    if (*s == 0) return last;
  }
}
char* index(const char* s, int c) { return strchr(s, c); }
char* rindex(const char* s, int c) { return strrchr(s, c); }
char* strstr(const char* s, const char* what) {
  for (const size_t n = strlen(what);; ++s) {
    if (strncmp(s, what, n) == 0) return (char*)s;
    if (*s == 0) return 0;
  }
}
size_t strspn(const char* s, const char* set) {
  size_t n = 0;
  while (s[n] != 0 && strchr(set, s[n])) ++n;
  return n;
}
size_t strcspn(const char* s, const char* set) {
  size_t n = 0;
  while (s[n] != 0 && !strchr(set, s[n])) ++n;
  return n;
}
char* strpbrk(const char* s, const char* set) {
  s += strcspn(s, set);
  return *s != 0 ? (char*)s : 0;
}
