// Inside of the remotes room: the same work for many things by a few threads.
#pragma once

#include <cstddef>
#include <functional>

namespace mlean::remotes {

// Calls work(i) for i from 0 to count - 1 by up to `jobs` threads and returns when all are done. After a call that returns false
// no further one starts. `tick` is called by the calling thread about ten times a second meanwhile.
void ForEach(std::size_t count, int jobs, const std::function<bool(std::size_t index)>& work,
             const std::function<void()>& tick = {});

}  // namespace mlean::remotes
