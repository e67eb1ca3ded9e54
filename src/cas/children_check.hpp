// ChildrenCheck: whether all objects of a folder are there. They are looked for by the other threads while one still reads the
// folder's object, which is half of the work for a large folder.
#pragma once

#include "base/result.hpp"
#include "cas/object_store.hpp"

namespace mlean::cas {

// `folder`: an object that is there. Errors as ObjectStore::ReadTree.
Result<bool> HasAllChildren(const ObjectStore& store, const ObjectId& folder, const Work& work);

}  // namespace mlean::cas
