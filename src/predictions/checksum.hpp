// CRC-32C (Castagnoli), as in iSCSI and ext4: tells torn and damaged records from sound ones. Uses the processor's instruction
// where it has one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mlean::predictions {

// Of "123456789": 0xE3069283.
std::uint32_t Crc32c(const void* data, std::size_t size);
// The same without the processor's help; for tests.
std::uint32_t Crc32cPortable(const void* data, std::size_t size);

}  // namespace mlean::predictions
