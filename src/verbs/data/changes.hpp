// What checkout and pull tell of what they have changed.
#pragma once

#include "flows/data/checkout.hpp"

namespace mlean::verbs {

// "M       data/", "A       model.bin", "D       old.csv", a line each.
void PrintChanges(const flows::CheckoutReport& report);

}  // namespace mlean::verbs
