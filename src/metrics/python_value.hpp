// A JSON value as Python rounds and compares it: DVC's tables and diffs are defined by these (and by codec/python_text.hpp).
// Pure.
#pragma once

#include "codec/json.hpp"

namespace mlean::metrics {

// round(value, digits): to the nearest decimal of the exact binary value, ties to even. `digits` is 1 … 20 or so; not-a-number
// and infinities stay.
double PythonRound(double value, int digits);
// a == b: 1 == 1.0 == true, not-a-number equals nothing, the order of a map's keys does not matter.
bool PythonEqual(const codec::Json& a, const codec::Json& b);
// bool(value): false for null, false, 0, 0.0, "", [] and {}.
bool PythonTruth(const codec::Json& value);

}  // namespace mlean::metrics
