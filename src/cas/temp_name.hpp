// Names of temporary files, as DVC makes them: ".<random>.tmp" beside the file that they become.
#pragma once

#include <string>
#include <string_view>

namespace mlean::cas {

// Unlike any other name of this and other processes. Thread-safe.
std::string TempName();
bool IsTempName(std::string_view name);

}  // namespace mlean::cas
