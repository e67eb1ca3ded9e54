// InputHash: identifies what a model was asked, for prediction logs, label joins and caches. It is taken from the encoded row, so
// spacing, key order and spelling of numbers in the request do not change it.
#pragma once

#include <span>
#include <string>

namespace mlean::infer {

// The first 128 bits, as 32 lower-case hex digits, of SHA-256 over: number of floats (uint32, little-endian), then the floats
// (IEEE binary32, little-endian) with -0 written as +0 and every NaN as 0x7fc00000.
std::string InputHash(std::span<const float> row);

}  // namespace mlean::infer
