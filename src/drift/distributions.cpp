#include "drift/distributions.hpp"

#include <boost/math/special_functions/bessel.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>

namespace mlean::drift {

namespace {

namespace policies = boost::math::policies;
using Quiet =
    policies::policy<policies::domain_error<policies::ignore_error>, policies::pole_error<policies::ignore_error>,
                     policies::overflow_error<policies::ignore_error>, policies::underflow_error<policies::ignore_error>,
                     policies::evaluation_error<policies::ignore_error>, policies::promote_double<false>>;

}  // namespace

double NormalSurvival(double z) { return 0.5 * std::erfc(z / std::sqrt(2.0)); }

double ChiSquareSurvival(double statistic, double df) {
  if (std::isnan(statistic) || df <= 0) return std::numeric_limits<double>::quiet_NaN();
  if (statistic <= 0) return 1;
  if (std::isinf(statistic)) return 0;
  return boost::math::gamma_q(df / 2, statistic / 2, Quiet());
}

double StudentTwoSided(double t, double df) {
  if (std::isnan(t) || df <= 0) return std::numeric_limits<double>::quiet_NaN();
  if (std::isinf(t)) return 0;
  return boost::math::ibeta(df / 2, 0.5, df / (df + t * t), Quiet());
}

double LogGamma(double x) { return boost::math::lgamma(x, Quiet()); }

double BesselK(double order, double x) {
  if (x > 700) return 0;
  return boost::math::cyl_bessel_k(order, x, Quiet());
}

double LogChoose(double n, double k) { return LogGamma(n + 1) - LogGamma(k + 1) - LogGamma(n - k + 1); }

}  // namespace mlean::drift
