// Leaves with a value that is not 0, by the low ports alone: nothing but the exit port says how a program
// ended.
#include "guests/ia64/lib/bare.h"

int main() { return 7; }
