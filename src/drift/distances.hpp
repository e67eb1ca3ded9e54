// Distances between two samples: scores that grow with the difference. Formulas as Evidently 0.6/0.7 computes them; both sides
// have rows. Room-internal.
#pragma once

#include "drift/reference_profile.hpp"

namespace mlean::drift {

// Σ (r − c)·ln(r/c) over shared bins; an empty bin counts as 0.0001, or a millionth of the smallest share if that is less.
double Psi(const ColumnProfile& reference, const ColumnProfile& current);
// Σ r·ln(r/c) over shared bins, filled as for Psi and rescaled to sum 1.
double KullbackLeibler(const ColumnProfile& reference, const ColumnProfile& current);
// √(½KL(r‖m) + ½KL(c‖m)), m the mean of both, natural logarithm.
double JensenShannon(const ColumnProfile& reference, const ColumnProfile& current);
// √(1 − Σ√(r·c)); numeric over Sturges bins of the set of distinct values.
double Hellinger(const ColumnProfile& reference, const ColumnProfile& current);
// ∫|F − G| / max(population standard deviation of the reference, 0.001). Numeric.
double WassersteinNormed(const ColumnProfile& reference, const ColumnProfile& current);
// √(2·∫(F − G)²). Numeric.
double EnergyDistance(const ColumnProfile& reference, const ColumnProfile& current);

}  // namespace mlean::drift
