// Tail probabilities that the tests need. Thin over Boost.Math, which stays in the .cpp; no exceptions. Room-internal.
#pragma once

#include <cstdint>

namespace mlean::drift {

double NormalSurvival(double z);                        // P(Z > z)
double ChiSquareSurvival(double statistic, double df);  // 1 at 0, 0 at infinity; NaN for df <= 0
double StudentTwoSided(double t, double df);            // P(|T| > |t|)
double LogGamma(double x);                              // x > 0; thread-safe, unlike ::lgamma
double BesselK(double order, double x);                 // modified, second kind; 0 once it underflows
double LogChoose(double n, double k);

// P(D_n >= d) of the one-sample two-sided Kolmogorov-Smirnov statistic: scipy's kstwo.sf, after Simard and L'Ecuyer 2011.
double KolmogorovSurvival(std::int64_t n, double d);
// The p-value of the two-sample statistic, as scipy.stats.ks_2samp: exact by counting lattice paths while max(n1, n2) <= 10,000,
// else KolmogorovSurvival with n = round(n1·n2 / (n1 + n2)).
double KolmogorovTwoSample(std::int64_t n1, std::int64_t n2, double d);

}  // namespace mlean::drift
