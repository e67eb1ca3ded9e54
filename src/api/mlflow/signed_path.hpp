// Addresses of artifacts that need no credentials: the path and the end of its life, signed with a key that this process made for
// itself. After a restart no old address is good any more; clients ask for a new one. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace mlean::api::mlflow {

std::string SignPath(std::string_view path, TimeMs until);  // hex
bool IsSigned(std::string_view path, TimeMs until, std::string_view signature);

}  // namespace mlean::api::mlflow
