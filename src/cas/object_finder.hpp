// ObjectFinder: whether objects of one layout are there, for many of them: one stat each. Thread-safe.
#pragma once

#include "base/result.hpp"
#include "cas/object_store.hpp"

namespace mlean::cas {

class ObjectFinder {
 public:
  // The store outlives this. A cache that is not there has no objects.
  ObjectFinder(const ObjectStore& store, bool legacy);
  ObjectFinder(const ObjectFinder&) = delete;
  ObjectFinder& operator=(const ObjectFinder&) = delete;
  ~ObjectFinder();

  // Whether the object is there and sound; only a doubtful one is read (ObjectStore::HasObject).
  Result<bool> Has(const ObjectId& id) const;

 private:
  const ObjectStore& store_;
  const int base_;  // the layout's folder, or -1
};

}  // namespace mlean::cas
