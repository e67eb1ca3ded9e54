// InputHash: identifies what a model was asked, for prediction logs, label joins and caches. It is taken from the encoded row, so
// spacing, key order and spelling of numbers in the request do not change it.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace mlean::infer {

// The first 128 bits of SHA-256 over: number of floats (uint32, little-endian), then the floats (IEEE binary32, little-endian)
// with -0 written as +0 and every NaN as 0x7fc00000. No allocation for up to 256 floats.
std::array<std::uint8_t, 16> InputHash(std::span<const float> row);

}  // namespace mlean::infer
