#pragma once
int isdigit(int);
int isprint(int);
int toupper(int);
