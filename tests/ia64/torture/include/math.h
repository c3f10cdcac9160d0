#pragma once
double fabs(double);
double floor(double);
double copysign(double, double);
double sqrt(double);
